package org.mixtureofmasks.score;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.generate.FinishReason;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.generate.Sampling;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.template.PythonText;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * A model behind a server that speaks OpenAI's completions and echoes prompts with their
 * log-probabilities: local-completions of lm-evaluation-harness. With the model's tokenizer, token
 * ids are sent, special tokens as the tokenizer adds them, so that splits and cuts are those of a
 * model at hand; without it, texts, which the server splits and must be able to take whole.
 */
public final class CompletionsLanguageModel implements LanguageModel, AutoCloseable {
  private final CompletionsEndpoint endpoint;
  private final Optional<Tokenizer> tokenizer;
  private final CompletionsClient client;

  /** What the server is asked to generate behind a prompt: 1 once it has refused 0. */
  private volatile int extraTokens;

  /**
   * @param endpoint the server
   * @param tokenizer the model's, whose ids are sent
   */
  public CompletionsLanguageModel(CompletionsEndpoint endpoint, Optional<Tokenizer> tokenizer) {
    this.endpoint = endpoint;
    this.tokenizer = tokenizer;
    this.client = new CompletionsClient(endpoint);
  }

  @Override
  public List<Score> logLikelihood(List<Request> requests, Progress progress) {
    return Concurrently.map(
        requests.size(),
        endpoint.concurrent(),
        i -> tokenizer.isPresent() ? ofIds(requests.get(i), i) : ofText(requests.get(i), i),
        progress);
  }

  private Score ofIds(Request request, int place) {
    TokenSplit.Parts parts = new TokenSplit(tokenizer.orElseThrow()).of(request, this::prefixToken);
    int[] whole = parts.whole();
    int scored = whole.length - parts.context();
    // As the harness: one token of the context is left for an answer.
    int most = endpoint.contextLength() - 1;
    if (scored < 1 || scored > most - 1) {
      throw new UserError(
          "request "
              + place
              + ": a continuation has "
              + scored
              + " tokens of its own; it must have 1 to "
              + (most - 1)
              + " (the server's context, less one token of each side): '"
              + request.continuation()
              + "'");
    }
    return score(Arrays.copyOfRange(whole, Math.max(0, whole.length - most), whole.length), scored);
  }

  /** The score of the last tokens of some ids. */
  private Score score(int[] ids, int scored) {
    return echo(prompt(ids), ids.length).score(ids.length - scored);
  }

  private Score ofText(Request request, int place) {
    if (request.context().isEmpty()) {
      throw needsTokenizer("request " + place + " has no context");
    }
    String whole = request.context() + request.continuation();
    EchoedPrompt echoed = echo(JsonNodeFactory.instance.textNode(whole), -1);
    // Tokens like to begin with a space, so spaces that end the context go to the continuation.
    String context = PythonText.stripTrailing(request.context());
    Score score = echoed.score(echoed.firstTokenAt(whole, EchoedPrompt.length(context)));
    if (score.tokens() < 1) {
      throw new UserError(
          "request "
              + place
              + ": the server gives the continuation no token of its own: '"
              + request.continuation()
              + "'");
    }
    return score;
  }

  private EchoedPrompt echo(JsonNode prompt, int ids) {
    int extra = extraTokens;
    CompletionsClient.Answer answer = client.post(scoring(prompt, extra));
    if (extra == 0 && (answer.status() == 400 || answer.status() == 422)) {
      extra = 1;
      answer = client.post(scoring(prompt, extra));
      if (answer.ok()) {
        extraTokens = extra;
      }
    }
    return EchoedPrompt.read(client.read(answer), ids, extra, client::failure);
  }

  private ObjectNode scoring(JsonNode prompt, int extra) {
    return ask(prompt, extra).put("temperature", 0).put("echo", true).put("logprobs", 1);
  }

  private ObjectNode ask(JsonNode prompt, int maxTokens) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", endpoint.model());
    body.set("prompt", prompt);
    return body.put("max_tokens", maxTokens);
  }

  private static JsonNode prompt(int[] ids) {
    var array = JsonNodeFactory.instance.arrayNode(ids.length);
    Arrays.stream(ids).forEach(array::add);
    return array;
  }

  /**
   * {@inheritDoc}
   *
   * @throws UserError if there is no tokenizer: windows are counted in tokens
   */
  @Override
  public Score logLikelihoodRolling(String text) {
    if (tokenizer.isEmpty()) {
      throw needsTokenizer("a whole text is read in windows of tokens");
    }
    int[] s =
        TokenSplit.concatenate(new int[] {prefixToken()}, tokenizer.orElseThrow().encode(text));
    // As the harness: one token for an answer, one because the last token is sent too.
    List<Window> windows = Window.rolling(s.length, endpoint.contextLength() - 2);
    List<Score> scores =
        Concurrently.map(
            windows.size(),
            endpoint.concurrent(),
            i -> {
              Window w = windows.get(i);
              int[] ids = Arrays.copyOfRange(s, w.from(), w.from() + w.inputs() + 1);
              return score(ids, w.scored());
            },
            (done, total) -> {});
    return new Score(
        scores.stream().mapToDouble(Score::logProbability).sum(),
        scores.stream().allMatch(Score::greedy),
        s.length - 1);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Generated ids are not told by servers, so the result has none; all of the time counts as
   * decoding. Options beyond OpenAI's own (topK, minP, repetitionPenalty, ignoreEos) are sent by
   * vLLM's names, and only when they are set.
   */
  @Override
  public GenerationResult generate(String context, GenerationOptions options) {
    Optional<int[]> ids = tokenizer.map(t -> t.encode(context));
    JsonNode prompt =
        ids.map(CompletionsLanguageModel::prompt)
            .orElseGet(() -> JsonNodeFactory.instance.textNode(context));
    ObjectNode body = ask(prompt, options.maxTokens());
    put(body, options);
    long start = System.nanoTime();
    JsonNode choice = client.read(client.post(body)).path("choices").path(0);
    double seconds = (System.nanoTime() - start) * 1e-9;
    if (!choice.path("text").isTextual()) {
      throw client.failure("the answer has no text");
    }
    FinishReason reason =
        switch (choice.path("finish_reason").asText()) {
          case "stop" -> FinishReason.STOP;
          case "length" -> FinishReason.LENGTH;
          default -> throw client.failure("finish_reason " + choice.path("finish_reason"));
        };
    List<Integer> promptIds = IntStream.of(ids.orElse(new int[0])).boxed().toList();
    return new GenerationResult(
        choice.get("text").asText(), List.of(), promptIds, reason, 0, seconds);
  }

  private static void put(ObjectNode body, GenerationOptions options) {
    Sampling sampling = options.sampling();
    body.put("temperature", sampling.temperature()).put("seed", sampling.seed());
    if (!options.stop().isEmpty()) {
      options.stop().forEach(body.putArray("stop")::add);
    }
    if (sampling.topP() != 1) {
      body.put("top_p", sampling.topP());
    }
    if (sampling.topK() != 0) {
      body.put("top_k", sampling.topK());
    }
    if (sampling.minP() != 0) {
      body.put("min_p", sampling.minP());
    }
    if (sampling.repetitionPenalty() != 1) {
      body.put("repetition_penalty", sampling.repetitionPenalty());
    }
    if (options.ignoreEos()) {
      body.put("ignore_eos", true);
    }
  }

  private int prefixToken() {
    Tokenizer own = tokenizer.orElseThrow();
    return own.bos()
        .orElseGet(
            () ->
                own.separator()
                    .orElseThrow(
                        () ->
                            new UserError(
                                own.file()
                                    + " has neither a BOS nor an EOS token to begin a text"
                                    + " with")));
  }

  private UserError needsTokenizer(String why) {
    return UserError.usage(
        why + ": that needs the tokenizer of " + endpoint.model() + ", so that ids can be sent");
  }

  /** {@inheritDoc} A server tells nothing of its experts. */
  @Override
  public Usage usage() {
    return Usage.UNKNOWN;
  }

  @Override
  public void close() {
    client.close();
  }
}
