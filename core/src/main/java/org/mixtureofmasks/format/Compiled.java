package org.mixtureofmasks.format;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.mixtureofmasks.checkpoint.DType;

/**
 * What a compilation made.
 *
 * @param path the folder
 * @param layout how its FFNs are stored
 * @param dtype of its weights
 * @param layers the experts' layout in each layer
 * @param activeFfnShare share of FFN weights that a token uses, every expert equally likely
 * @param paperShare with input masks the paper's R_h·R_FFN
 * @param sizes parameters and bytes
 */
public record Compiled(
    Path path,
    Layout layout,
    DType dtype,
    List<ExpertLayout> layers,
    double activeFfnShare,
    OptionalDouble paperShare,
    Sizes sizes) {

  /** Copies the list of layers. */
  public Compiled {
    layers = List.copyOf(layers);
  }

  /** {@return mean number of runs of an expert, over all layers; 0 without layers} */
  public double runsPerExpert() {
    return layers.stream()
        .mapToDouble(l -> (double) l.runCount() / (l.offsets().length - 1))
        .average()
        .orElse(0);
  }

  /**
   * Computed, and checked by tests against the files.
   *
   * @param denseParameters of the model that was compiled
   * @param parameters weights stored in model.safetensors, routers included
   * @param tensorBytes bytes of the tensors of model.safetensors, its header not counted
   * @param runsBytes what tensorBytes is, or would be, with the layout runs; none with input masks
   * @param copiedBytes the same with the layout copied
   */
  public record Sizes(
      long denseParameters,
      long parameters,
      long tensorBytes,
      OptionalLong runsBytes,
      long copiedBytes) {}
}
