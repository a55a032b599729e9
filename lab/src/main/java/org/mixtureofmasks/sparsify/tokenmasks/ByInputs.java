package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * Gate and up projection read the inputs that are large, the down projection the activations that
 * are (TEAL, Liu et al. 2024): nothing is read for the choice.
 */
final class ByInputs implements TokenChoice {
  @Override
  public Tensor scores(int layer, Tensor seen, List<Tensor> above, FfnWeights weights) {
    return weights.activations(seen.mul(above.getFirst()));
  }

  @Override
  public Tensor activations(Tensor x, Tensor scores, FfnWeights weights) {
    return scores;
  }

  /** Which inputs are read, and these. */
  @Override
  public long tokenBytes(ModelConfig config) {
    return 2L * Float.BYTES * config.hiddenSize();
  }

  @Override
  public double weights(Kept kept) {
    return (2 * kept.inputs() + kept.neurons()) / 3;
  }

  @Override
  public double share(Kept kept) {
    return weights(kept);
  }

  @Override
  public double inputs(double target) {
    return 1.2 * target;
  }

  @Override
  public double neurons(double target, double inputs) {
    return 3 * target - 2 * inputs;
  }
}
