package org.mixtureofmasks.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.tokenizer.Tokenizer;
import picocli.CommandLine.Option;

/** Which tokenizer goes with a model; a picocli mixin. */
public final class TokenizerOptions {
  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description =
          "A tokenizer.json, a folder that has one, or a llama2.c tokenizer. Default: the model's own.")
  private @Nullable Path tokenizer;

  /** Opens the one that was asked for, or the model's own. */
  Tokenizer open(Path model) {
    return Tokenizer.open(tokenizer == null ? model : tokenizer);
  }

  /** The one that was asked for, or null. */
  @Nullable Path file() {
    return tokenizer;
  }

  /** Whether one was asked for. */
  boolean given() {
    return tokenizer != null;
  }
}
