package org.mixtureofmasks.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.model.Model;
import picocli.CommandLine.Option;

/** How a verb runs a model; a picocli mixin. */
public final class RunOptions {
  @Option(
      names = "--weights",
      paramLabel = "auto|f32|bf16",
      defaultValue = "auto",
      description =
          "Number format of the weights in memory; auto: as they are stored, quantised ones as bf16."
              + " Default: ${DEFAULT-VALUE}.")
  private Model.WeightType weights;

  @Option(
      names = "--memory",
      paramLabel = "auto|mapped|huge_pages",
      defaultValue = "auto",
      description =
          "Where the weights lie: in the mapped file, which all processes share, or copied into huge"
              + " pages, which are read faster; auto: copied if they take at most a quarter of the"
              + " memory. Default: ${DEFAULT-VALUE}.")
  private Model.Memory memory;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute. Default: one for each core.")
  private @Nullable Integer threads;

  /** The number format asked for. */
  public Model.WeightType weights() {
    return weights;
  }

  /** Threads that compute. */
  public int threads() {
    if (threads != null && threads < 1) {
      throw UserError.usage("--threads %s: it must be at least 1".formatted(threads));
    }
    return threads == null ? Model.LoadOptions.defaults().threads() : threads;
  }

  /** Opens a model so. */
  public Model open(Path model) {
    return Model.open(model, new Model.LoadOptions(weights, threads(), memory));
  }
}
