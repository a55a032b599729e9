package org.mixtureofmasks.sparsify.pertoken;

import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.sparsify.NeuronImportance;

/**
 * The neurons of the largest importance (a_tj ‖W_d[:,j]‖)², known only once all are computed: what
 * a perfect predictor would reach.
 *
 * @param target share of the neurons
 */
record Oracle(double target) implements TokenRule {
  @Override
  public Result apply(int layer, Tensor x, FfnWeights weights) {
    Tensor a = weights.activations(x);
    Tensor mask = Largest.mask(NeuronImportance.of(a, weights.down()), target);
    double share = (double) Largest.count(target, a.size(1)) / a.size(1);
    return new Result(weights.project(a.mul(weights.precision().cast(mask))), share, share);
  }
}
