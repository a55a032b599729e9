package org.mixtureofmasks.sparsify;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;

/**
 * What a way of making a model sparse brings to the one training loop: what is trainable, the
 * feed-forward part, its extra losses, its hard masks. The loop owns the optimiser, the schedules,
 * the data and the checkpoints.
 *
 * <p>Order of calls: {@link #prepare} once (a resumed run calls {@link #restore} instead); then for
 * each optimiser step {@link #beginStep}, for each micro-batch {@link #beginMicroBatch}, the
 * model's forward pass through {@link #feedForward}, {@link #extraLoss}, backward; after the
 * optimiser's update {@link #endStep}. What a method does not override does nothing and gives
 * nothing.
 */
public interface Method {
  /** A set of trainable tensors with its own learning rate. */
  record ParameterGroup(
      String name, Map<String, Tensor> tensors, double learningRate, double weightDecay) {}

  /** Name in recipes and reports. */
  String name();

  /**
   * Makes the start: masks and router from calibration rows or from constants.
   *
   * @param model the dense model, its weights already loaded
   * @param calibration rows of token ids (inputs only), rows x length; empty when the start needs
   *     none
   */
  void prepare(DecoderModule model, long[][] calibration);

  /** Trainable tensors besides the model's own weights, by a name unique in the run. */
  default List<ParameterGroup> parameterGroups() {
    return List.of();
  }

  /**
   * The feed-forward part of every layer; in passes without gradients (validation) it draws nothing
   * and counts nothing.
   */
  FeedForward feedForward();

  /**
   * Before a step: schedules, projections.
   *
   * @param step 0-based optimiser step
   * @param steps steps of the whole run
   */
  default void beginStep(int step, int steps) {}

  /** Draws what is drawn once per micro-batch (gate noise), from torch's generator. */
  default void beginMicroBatch() {}

  /**
   * Extra losses of this micro-batch (balance, sparsity), a scalar that is added to the
   * language-model loss; or null.
   */
  default Tensor extraLoss() {
    return null;
  }

  /** After the optimiser's update: clamps, dual ascent, phase changes such as hardening. */
  default void endStep(int step, int steps) {}

  /**
   * Figures for metrics.jsonl: expected_density, hard_density, phase, expert load and the like;
   * values JSON can hold.
   */
  default Map<String, Object> metrics() {
    return Map.of();
  }

  /**
   * Figures of the validation passes so far, for metrics.jsonl and the summary; values JSON can
   * hold. Empty for methods whose figures are those of the steps.
   */
  default Map<String, Object> validationMetrics() {
    return Map.of();
  }

  /**
   * All that {@link #restore} needs besides the trainable tensors: fixed masks, dual variables,
   * phase.
   */
  default Map<String, Tensor> state() {
    return Map.of();
  }

  /**
   * Sets the method back to a saved state: trainable tensors and {@link #state()} together, by
   * name.
   */
  void restore(DecoderModule model, Map<String, Tensor> saved);

  /**
   * The masks as they would be shipped now, by layer, expert and neuron.
   *
   * @return num_layers x num_experts x intermediate_size; empty for a method without masks
   */
  default boolean[][][] hardMasks() {
    return new boolean[0][][];
  }

  /**
   * The input masks as they would be shipped now: which dimensions of the FFN's input each expert
   * reads.
   *
   * @return num_layers x num_experts x hidden_size; empty when every expert reads all of them
   */
  default boolean[][][] hardInputMasks() {
    return new boolean[0][][];
  }

  /**
   * The router of each layer, fp32: rows x hidden_size, as {@link #routing} reads them; empty for a
   * method without experts.
   */
  default List<Tensor> routers() {
    return List.of();
  }

  /** How tokens choose experts; null for a method without experts. */
  default Routing routing() {
    return null;
  }

  /** Whether a run ends with a model; false for what only judges the dense one. */
  default boolean ships() {
    return true;
  }
}
