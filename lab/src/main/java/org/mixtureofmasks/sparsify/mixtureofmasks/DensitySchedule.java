package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.SavedTensors;

/**
 * The density that masks are to have while gates are learned: in equal steps from the start's to
 * the target's.
 *
 * @param start mean density before the first step
 * @param end density of each layer's masks at the target: below it when a token uses several masks
 */
record DensitySchedule(float start, double[] end) {
  private static final String START = "masks.start_density";
  private static final String END = "masks.final_density";

  /** Density of each layer at a 0-based step of a run. */
  double[] at(int step, int steps, MixtureOfMasksOptions options) {
    double warmup = options.densityWarmupShare() * options.sparsifyShare() * steps;
    double progress = warmup <= 1 ? 1 : Math.min(1, (step + 1) / warmup);
    double[] density = new double[end.length];
    for (int l = 0; l < density.length; l++) {
      density[l] = start + (end[l] - start) * progress;
    }
    return density;
  }

  /**
   * With k > 1, sets the end of each layer to where the unions that were really chosen meet the
   * target.
   *
   * @param chosen masks of each token of a pass by layer, tokens x k; empty where there was none
   */
  void meetUnions(List<LayerGates> layers, long[][] chosen, MixtureOfMasksOptions options) {
    for (int l = 0; l < end.length; l++) {
      if (options.topK() > 1 && chosen[l].length > 0) {
        try (PointerScope _ = new PointerScope();
            NoGradGuard _ = new NoGradGuard()) {
          Tensor ranking = layers.get(l).ranking();
          long tokens = chosen[l].length / options.topK();
          Tensor masks = Tensors.of(chosen[l], tokens, options.topK());
          int gatesOn = UnionDensity.gatesOn(ranking, masks, options.target());
          end[l] = (double) gatesOn / ranking.size(1);
        }
      }
    }
  }

  /** Adds what {@link #restore} reads. */
  void save(Map<String, Tensor> state) {
    float[] density = new float[end.length];
    for (int l = 0; l < density.length; l++) {
      density[l] = (float) end[l];
    }
    state.put(START, Tensors.of(new float[] {start}, 1));
    state.put(END, Tensors.of(density, density.length));
  }

  /**
   * @param gates of each mask; a density below the target is a whole number of them
   */
  static DensitySchedule restore(
      Map<String, Tensor> saved, MixtureOfMasksOptions options, int gates) {
    float start = Tensors.toFloats(SavedTensors.copy(saved, START))[0];
    float[] density = Tensors.toFloats(SavedTensors.copy(saved, END));
    double[] end = new double[density.length];
    for (int l = 0; l < end.length; l++) {
      end[l] =
          options.topK() == 1 ? options.target() : Math.rint(density[l] * (double) gates) / gates;
    }
    return new DensitySchedule(start, end);
  }
}
