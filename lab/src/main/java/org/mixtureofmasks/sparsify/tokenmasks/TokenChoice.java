package org.mixtureofmasks.sparsify.tokenmasks;

import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * What a token reads of a layer: the inputs whose absolute value is above a threshold, then the
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

  /**
   * What the neurons are chosen by.
   *
   * @param read x with 0 in the place of inputs that are not read, tokens x d
   * @return tokens x m
   */
  Tensor scores(int layer, Tensor read, FfnWeights weights);

  /**
   * The neurons' activations, of which the layer's output takes those that are chosen.
   *
   * @param x all inputs, tokens x d
   * @param scores what {@link #scores} gave
   * @return tokens x m, with gradients where the weights have them
   */
  Tensor activations(Tensor x, Tensor scores, FfnWeights weights);

  /** Share of the FFN's own weights that is read. */
  double weights(Kept kept);

  /** Share of the FFN's bytes that is read, with all that is read for the choice; in bf16. */
  double share(Kept kept);

  /** The share of inputs that goes with a target where none is given. */
  double inputs(double target);

  /** The share of neurons with which {@link #share} is the target. */
  double neurons(double target, double inputs);
}
