package org.mixtureofmasks.score;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.mixtureofmasks.generate.Generation;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * A completions server with a real model behind it, which it runs the long way: every prompt alone,
 * all rows of logits. It counts the text of tokens as vLLM does, its BOS token included.
 */
public final class EchoServer implements AutoCloseable {
  private final ObjectMapper json = new ObjectMapper();
  private final Model model;
  private final Tokenizer tokenizer;
  private final HttpServer server;

  /** What it was asked, and what it answers before it begins to work. */
  final ConcurrentLinkedQueue<JsonNode> asked = new ConcurrentLinkedQueue<>();

  final ConcurrentLinkedQueue<Integer> failures = new ConcurrentLinkedQueue<>();
  final AtomicInteger most = new AtomicInteger();
  private final AtomicInteger underWay = new AtomicInteger();
  volatile boolean refusesZero;
  volatile boolean hidesTop;
  volatile boolean hidesUsage;
  volatile Optional<String> key = Optional.empty();

  public EchoServer(Model model, Tokenizer tokenizer) throws IOException {
    this.model = model;
    this.tokenizer = tokenizer;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/completions", this::handle);
    server.start();
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/v1/completions");
  }

  private void handle(HttpExchange exchange) throws IOException {
    most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
    int status;
    String body;
    try {
      JsonNode request = json.readTree(exchange.getRequestBody());
      asked.add(request);
      Integer failure = failures.poll();
      String sent = exchange.getRequestHeaders().getFirst("Authorization");
      if (failure != null) {
        status = failure;
        body = "{\"error\": \"busy\"}";
      } else if (key.isPresent() && !("Bearer " + key.get()).equals(sent)) {
        status = 401;
        body = "{\"error\": \"wrong key: " + sent + "\"}";
      } else if (refusesZero && request.get("max_tokens").asInt() == 0) {
        status = 400;
        body = "{\"error\": \"max_tokens must be at least 1\"}";
      } else {
        status = 200;
        body = answer(request).toString();
      }
    } catch (RuntimeException e) {
      status = 500;
      body = e.toString();
    } finally {
      underWay.decrementAndGet();
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private ObjectNode answer(JsonNode request) {
    JsonNode prompt = request.get("prompt");
    int[] ids =
        prompt.isTextual()
            ? tokenizer.encode(prompt.asText())
            : json.convertValue(prompt, int[].class);
    int maxTokens = request.get("max_tokens").asInt();
    ObjectNode answer = json.createObjectNode();
    if (!hidesUsage) {
      answer.putObject("usage").put("prompt_tokens", ids.length);
    }
    ObjectNode choice = answer.putArray("choices").addObject();
    if (request.path("echo").asBoolean()) {
      int[] all = ids;
      if (maxTokens > 0) {
        GenerationResult more = generate(ids, GenerationOptions.greedy(maxTokens));
        int[] generated = more.tokenIds().stream().mapToInt(i -> i).toArray();
        all = TokenSplit.concatenate(ids, generated);
      }
      echo(all, choice.putObject("logprobs"));
      choice.put("finish_reason", "length");
    } else {
      GenerationOptions plain = GenerationOptions.greedy(maxTokens);
      List<String> stop =
          request.has("stop") ? List.of(request.get("stop").get(0).asText()) : List.of();
      GenerationResult result =
          generate(ids, new GenerationOptions(maxTokens, stop, false, plain.sampling()));
      choice.put("text", result.text()).put("finish_reason", result.finishReason().toString());
    }
    return answer;
  }

  private GenerationResult generate(int[] ids, GenerationOptions options) {
    return new Generation(model, Optional.of(tokenizer), options).run(ids, piece -> {});
  }

  private void echo(int[] ids, ObjectNode out) {
    ArrayNode tokens = out.putArray("tokens");
    ArrayNode offsets = out.putArray("text_offset");
    ArrayNode logProbabilities = out.putArray("token_logprobs").addNull();
    ArrayNode top = out.putArray("top_logprobs").addNull();
    int offset = 0;
    for (int id : ids) {
      String token = tokenizer.tokenOf(id).replace('\u2581', ' ').replace("<0x0A>", "\n");
      tokens.add(token);
      offsets.add(offset);
      offset += token.codePointCount(0, token.length());
    }
    model.forwardEach(
        model.newState(ids.length),
        ids,
        0,
        ids.length,
        (t, logits) -> {
          if (t + 1 < ids.length) {
            double[] all = PlainScores.logSoftmax(logits);
            int best = 0;
            for (int i = 0; i < all.length; i++) {
              best = all[i] > all[best] ? i : best;
            }
            logProbabilities.add(all[ids[t + 1]]);
            ObjectNode likely = top.addObject();
            if (!hidesTop) {
              likely.put(tokenizer.tokenOf(best), all[best]);
            }
          }
        });
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
