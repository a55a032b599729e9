package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.format.ShippedThresholds.PreviewInputs;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * What a token reads of a layer: the inputs that are large by one or more thresholds, then the
 * neurons whose score is above another. d is hidden_size, m intermediate_size.
 */
interface TokenChoice {
  /** The choice of that name, for one run. */
  static TokenChoice by(ShippedThresholds.Choice choice) {
    return switch (choice) {
      case INPUTS -> new ByInputs();
      case PREVIEW -> new ByPreview();
    };
  }

  /**
   * Before anything is made.
   *
   * @throws UserError if models of this shape cannot be chosen from like this
   */
  default void require(ModelConfig config) {}

  /** For a model of this shape, before anything is asked but shares. */
  default void begin(ModelConfig config) {}

  /** The weights have changed. */
  default void weightsMoved() {}

  /** Thresholds on inputs. */
  default int tiers() {
    return 1;
  }

  /**
   * How many inputs each threshold leaves.
   *
   * @param inputs share of the inputs that is read; what is read by half of its bits counts half
   * @return by threshold, the lowest one first: share of the d inputs, in [0, 1]
   */
  default double[] tiers(double inputs) {
    return new double[] {inputs};
  }

  /** Takes from inputs what {@link #seen} needs; before anything of the layer is asked. */
  default void learn(int layer, Tensor x) {}

  /** What is compared with the thresholds, of the inputs x. */
  default Tensor seen(int layer, Tensor x) {
    return x;
  }

  /**
   * What the neurons are chosen by.
   *
   * @param seen what {@link #seen} gave, tokens x d
   * @param above by threshold: 1 where what is seen is above it, else 0
   * @return tokens x m
   */
  Tensor scores(int layer, Tensor seen, List<Tensor> above, FfnWeights weights);

  /**
   * The neurons' activations.
   *
   * @param x all inputs, tokens x d
   * @param scores what {@link #scores} gave
   * @return tokens x m, with gradients where the weights have them
   */
  Tensor activations(Tensor x, Tensor scores, FfnWeights weights);

  /**
   * The layer's output.
   *
   * @param activations what {@link #activations} gave
   * @param scores what {@link #scores} gave
   * @param kept 1 for the neurons that are chosen, else 0
   * @return tokens x d, with gradients where the weights have them
   */
  default Tensor output(
      int layer, Tensor activations, Tensor scores, Tensor kept, FfnWeights weights) {
    return weights.project(activations.mul(kept));
  }

  /** Bytes that a pass holds of a token and layer besides its activations and their mask, fp32. */
  long tokenBytes(ModelConfig config);

  /** What a folder is to know of a layer beside its thresholds on inputs and neurons. */
  default Optional<PreviewInputs> preview(int layer, float[] thresholds) {
    return Optional.empty();
  }

  /** What {@link #learn} has taken, for a checkpoint. */
  default Map<String, Tensor> state() {
    return Map.of();
  }

  /** Takes {@link #state} back. */
  default void restore(Map<String, Tensor> saved) {}

  /** Share of the FFN's own weights that is read. */
  double weights(Kept kept);

  /** Share of the FFN's bytes that is read, with all that is read for the choice; in bf16. */
  double share(Kept kept);

  /** The share of inputs that goes with a target where none is given. */
  double inputs(double target);

  /** The share of neurons with which {@link #share} is the target. */
  double neurons(double target, double inputs);
}
