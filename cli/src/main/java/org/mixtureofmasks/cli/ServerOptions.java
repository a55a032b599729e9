package org.mixtureofmasks.cli;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.score.CompletionsEndpoint;
import picocli.CommandLine.Option;

/** A served model that tasks are put to; a picocli mixin. */
final class ServerOptions {
  private static final int CONCURRENT = 8;
  private static final int ATTEMPTS = 5;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description =
          "With --tasks: evaluate a served model instead of MODEL, by OpenAI's completions with echo"
              + " and logprobs, such as http://localhost:8000/v1/completions. The environment"
              + " variable OPENAI_API_KEY is sent if it is set. --tokenizer FILE, the model's own,"
              + " makes the splits those of a local model.")
  private @Nullable URI url;

  @Option(
      names = "--api-model",
      paramLabel = "NAME",
      description = "With --url: the model's name on the server.")
  private @Nullable String model;

  @Option(
      names = "--api-context",
      paramLabel = "N",
      description = "With --url: tokens that the served model takes. Default: 2048.")
  private @Nullable Integer context;

  /** Whether a served model was asked for. */
  boolean given() {
    return url != null || model != null || context != null;
  }

  /**
   * That model.
   *
   * @param tokenizer file of its tokenizer; null: the server splits texts
   * @throws UserError unless both address and name were given
   */
  Candidate open(@Nullable Path tokenizer) {
    if (url == null || model == null) {
      throw UserError.usage("--url and --api-model go together");
    }
    Optional<String> key =
        Optional.ofNullable(System.getenv("OPENAI_API_KEY")).filter(k -> !k.isBlank());
    CompletionsEndpoint endpoint =
        new CompletionsEndpoint(
            url,
            model,
            key,
            context == null ? 2048 : context,
            CONCURRENT,
            ATTEMPTS,
            Duration.ofSeconds(1),
            Duration.ofMinutes(5));
    return new ServedCandidate(endpoint, tokenizer);
  }
}
