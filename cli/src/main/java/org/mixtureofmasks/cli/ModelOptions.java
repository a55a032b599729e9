package org.mixtureofmasks.cli;

import java.nio.file.Path;
import org.mixtureofmasks.model.CacheType;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Which model a verb runs and how; a picocli mixin. */
public final class ModelOptions {
  @Parameters(
      paramLabel = "MODEL",
      description = "A Hugging Face folder, a .gguf file or a llama2.c .bin file.")
  private Path model;

  @Mixin private RunOptions run;

  /** MODEL. */
  public Path path() {
    return model;
  }

  /** The number format asked for. */
  public WeightType weights() {
    return run.weights();
  }

  /** Threads that compute. */
  public int threads() {
    return run.threads();
  }

  /** How the keys and values of texts are kept. */
  public CacheType cache() {
    return run.cache();
  }

  /** Opens MODEL. */
  public Model open() {
    return open(model);
  }

  /** Opens another model in the same way. */
  public Model open(Path other) {
    return run.open(other);
  }
}
