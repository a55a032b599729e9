package org.mixtureofmasks.score;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends JSON to a {@link CompletionsEndpoint}, again where that may help. For any thread. */
final class CompletionsClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CompletionsClient.class);
  private static final int TOO_MANY_REQUESTS = 429;
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final int SHOWN = 300;

  /** Status and body of an answer that sending again would not change. */
  record Answer(int status, String body) {
    boolean ok() {
      return status == 200;
    }
  }

  private final CompletionsEndpoint endpoint;
  private final HttpClient http;

  CompletionsClient(CompletionsEndpoint endpoint) {
    this.endpoint = endpoint;
    // HTTP/1.1: several Python servers answer an offer of HTTP/2 with an error.
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(endpoint.timeout())
            .build();
  }

  /**
   * The server's answer, whatever its status, but for 429 and 5xx.
   *
   * @throws UserError if every attempt ended in these or in none at all
   */
  Answer post(JsonNode body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(endpoint.url())
            .timeout(endpoint.timeout())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    endpoint.apiKey().ifPresent(key -> request.header("Authorization", "Bearer " + key));
    Duration pause = endpoint.pause();
    for (int attempt = 1; ; attempt++) {
      String failure;
      IOException cause = null;
      try {
        HttpResponse<String> response =
            http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        Answer answer = new Answer(response.statusCode(), response.body());
        if (answer.status() != TOO_MANY_REQUESTS && answer.status() < 500) {
          return answer;
        }
        failure = describe(answer);
      } catch (IOException e) {
        failure = "no answer (" + e + ")";
        cause = e;
      } catch (InterruptedException e) {
        throw interrupted();
      }
      if (attempt == endpoint.attempts()) {
        throw new UserError(
            "POST %s: %s, after %s attempts".formatted(endpoint.url(), failure, attempt), cause);
      }
      LOG.warn("POST {}: {}; again in {} ms", endpoint.url(), failure, pause.toMillis());
      sleep(pause);
      pause = pause.multipliedBy(2);
      pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
  }

  private static void sleep(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static CancellationException interrupted() {
    Thread.currentThread().interrupt();
    return new CancellationException("a request was interrupted");
  }

  /**
   * The JSON of an answer.
   *
   * @throws UserError if its status is not 200 or it is no JSON
   */
  JsonNode read(Answer answer) {
    if (!answer.ok()) {
      String hint =
          switch (answer.status()) {
            case 401, 403 -> "; set OPENAI_API_KEY to a key that the server knows";
            case 404 ->
                "; is this the server's /v1/completions, and the model's name there '"
                    + endpoint.model()
                    + "'?";
            default -> "";
          };
      throw failure(describe(answer) + hint);
    }
    try {
      return Json.parse(answer.body());
    } catch (JsonProcessingException e) {
      throw failure("the answer is no JSON: " + shown(answer.body()));
    }
  }

  /** What the server did wrong, with its address. */
  UserError failure(String what) {
    return new UserError("POST %s: %s".formatted(endpoint.url(), what));
  }

  private String describe(Answer answer) {
    return "status " + answer.status() + ", " + shown(answer.body());
  }

  private String shown(String body) {
    String line = body.replaceAll("\\s+", " ").strip();
    if (endpoint.apiKey().isPresent()) {
      line = line.replace(endpoint.apiKey().get(), "(key)"); // a server may repeat it
    }
    return line.isEmpty() ? "an empty answer" : line.substring(0, Math.min(SHOWN, line.length()));
  }

  @Override
  public void close() {
    http.close();
  }
}
