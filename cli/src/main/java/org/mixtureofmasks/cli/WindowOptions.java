package org.mixtureofmasks.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a text or packed rows are cut for perplexity; a picocli mixin. */
final class WindowOptions {
  @Option(
      names = "--window",
      paramLabel = "N",
      description =
          "With --text and --wikitext: tokens read in a pass. Default: 2,048, as most published"
              + " figures, or the model's context if it is shorter.")
  private @Nullable Integer window;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description =
          "With --text: distance of two windows; below the window, tokens see more context. Default: the window.")
  private @Nullable Integer stride;

  @Option(
      names = "--row",
      paramLabel = "N",
      description =
          "With --tokens: tokens in a row; all but the last are read, all but the first scored.")
  private @Nullable Integer row;

  /** What was given, or null. */
  @Nullable Integer window() {
    return window;
  }

  /** What was given, or null. */
  @Nullable Integer stride() {
    return stride;
  }

  /** What was given, or null. */
  @Nullable Integer row() {
    return row;
  }

  /** Whether any of these was given. */
  boolean given() {
    return window != null || stride != null || row != null;
  }
}
