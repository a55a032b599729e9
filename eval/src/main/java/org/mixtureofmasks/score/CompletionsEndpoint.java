package org.mixtureofmasks.score;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.mixtureofmasks.UserError;

/**
 * A server that speaks OpenAI's completions, and how to ask it.
 *
 * @param url its whole address, such as http://localhost:8000/v1/completions
 * @param model the model's name there
 * @param apiKey sent as a bearer token; it is in no message and no log
 * @param contextLength tokens that the model takes, one for an answer included; longer texts are
 *     cut from the left where a tokenizer is at hand
 * @param concurrent requests under way at a time, at least 1
 * @param attempts how often a request is sent at most, at least 1: again when the server is busy
 *     (429), fails (5xx) or gives no answer
 * @param pause before the second attempt; doubled before each further one, up to 10 seconds
 * @param timeout of one attempt
 */
public record CompletionsEndpoint(
    URI url,
    String model,
    Optional<String> apiKey,
    int contextLength,
    int concurrent,
    int attempts,
    Duration pause,
    Duration timeout) {

  public CompletionsEndpoint {
    boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
    if (!http || url.getHost() == null) {
      throw UserError.usage(
          "%s is no address of a server: give it whole, http://HOST:PORT/v1/completions"
              .formatted(url));
    }
    if (url.getUserInfo() != null) {
      throw UserError.usage(
          "the address of %s holds a password: set OPENAI_API_KEY instead"
              .formatted(url.getHost()));
    }
    atLeast(3, contextLength, "the context");
    atLeast(1, concurrent, "requests at a time");
    atLeast(1, attempts, "attempts");
  }

  /** With 2048 tokens of context, 8 requests at a time, 5 attempts of up to 5 minutes each. */
  public CompletionsEndpoint(URI url, String model, Optional<String> apiKey) {
    this(url, model, apiKey, 2048, 8, 5, Duration.ofSeconds(1), Duration.ofMinutes(5));
  }

  private static void atLeast(int least, int value, String what) {
    if (value < least) {
      throw UserError.usage("%s: %s; it must be at least %s".formatted(what, value, least));
    }
  }

  /** Without the key. */
  @Override
  public String toString() {
    return model + " at " + url;
  }
}
