package org.mixtureofmasks.sparsify;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.nn.FeedForward;

/**
 * What a way of making a model sparse brings to the one training loop: what is trainable, the
 * feed-forward part, its extra losses, what it ships. The loop owns the optimiser, the schedules,
 * the data and the checkpoints.
 *
 * <p>Order of calls: {@link #prepare} once, layer by layer (a resumed run calls {@link #restore}
 * instead); then for each optimiser step {@link #beginStep}, for each micro-batch {@link
 * #beginMicroBatch}, the model's forward pass through {@link #feedForward}, {@link #extraLoss},
 * backward; after the optimiser's update {@link #endStep}. What a method does not override does
 * nothing and gives nothing.
 */
public interface Method {
  /** A set of trainable tensors with its own learning rate. */
  record ParameterGroup(
      String name, Map<String, Tensor> tensors, double learningRate, double weightDecay) {}

  /** Name in recipes and reports. */
  String name();

  /**
   * Makes the start, masks and router, from what it asks to see of each layer. The method is ready
   * once the preparation has finished.
   *
   * @param config the dense model's shape
   */
  Preparation prepare(ModelConfig config);

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
   * Whether micro-batches may run side by side on several threads, and layers be computed twice
   * (train.recompute): there is no {@link #extraLoss}, nothing but the model's weights trains, the
   * feed-forward part and {@link #beginMicroBatch} keep nothing of a micro-batch, and neither the
   * order of what they count nor a second count of every token changes what is made of it.
   */
  default boolean passesAtOnce() {
    return false;
  }

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
   * language-model loss; empty without any.
   */
  default Optional<Tensor> extraLoss() {
    return Optional.empty();
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
   * name. Not within a PointerScope that ends before the method does.
   *
   * @param config the dense model's shape
   */
  void restore(ModelConfig config, Map<String, Tensor> saved);

  /**
   * What this step's forward passes have counted: sums over its tokens that {@link #endStep} and
   * {@link #metrics} are made from, the tensors themselves. They begin at 0 in {@link #beginStep};
   * a loop whose tokens are spread over machines adds the machines' sums up before the step ends.
   */
  default Sums counts() {
    return new Sums();
  }

  /**
   * The experts as they would be shipped now; made anew for each call. Empty for a method without
   * experts, whose run ends with a model of {@link #shippedThresholds}, a dense model, or none:
   * {@link #onlyEvaluates}.
   */
  default Optional<ShippedExperts> shipped() {
    return Optional.empty();
  }

  /** The thresholds of token masks as they would be shipped now; empty for other methods. */
  default Optional<ShippedThresholds> shippedThresholds() {
    return Optional.empty();
  }

  /** Why a run ends without a model, as a sentence; empty for all that make one. */
  default Optional<String> onlyEvaluates() {
    return Optional.empty();
  }
}
