package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.sparsify.LayerByLayer;

/**
 * The calibrated start of input gates, on the scale of the neurons' gates so that one threshold may
 * cut both. A neuron's importance (a ‖W_d[:,j]‖)² is the squared output error of dropping it alone;
 * for an input the like to first order, neurons' errors taken as independent:
 *
 * <pre>s_ti = x_i² Σ_j ‖W_d[:,j]‖² (∂a_j/∂g_j W_g[j,i] + ∂a_j/∂u_j W_u[j,i])²</pre>
 *
 * <p>with g = x W_g^T, u = x W_u^T, a = SiLU(g) u. Both are divided by the weights that closing the
 * gate saves where masks hold equal shares q of inputs and neurons ({@link ActiveShare}): 2 q m for
 * an input, (1 + 2 q) d for a neuron. Log-alpha is the logarithm of that, less the mean and over
 * the deviation of the mask's neurons, which keep the log-alpha they have without input gates.
 */
final class InputImportance {
  private static final double NO_IMPORTANCE = 1e-30;

  private final FfnWeights weights;
  private final MixtureOfMasksOptions options;

  InputImportance(FfnWeights weights, MixtureOfMasksOptions options) {
    this.weights = weights;
    this.options = options;
  }

  /**
   * @param x the layer's inputs, tokens x hidden_size, fp32
   * @param masks of the layer's neurons; each token counts for the mask that captures most of it
   * @return experts x hidden_size, fp32
   */
  Tensor logAlpha(Tensor x, KMasks.Result masks) {
    Tensor tokensOf = masks.captured().argmax(new LongOptional(1), false);
    Tensor neurons = logarithm(masks.meanImportance());
    Tensor mean = neurons.mean(1).unsqueeze(1);
    Tensor deviation = neurons.sub(mean).square().mean(1).unsqueeze(1).sqrt();
    Tensor inputs = logarithm(meanOfMasks(ofTokens(x), tokensOf));
    double q = ActiveShare.equalShares(options.target());
    double inputSaves = 2 * q * weights.gate().size(0);
    double neuronSaves = (1 + 2 * q) * weights.gate().size(1) * options.block();
    return inputs
        .sub(mean)
        .add(new Scalar(Math.log(neuronSaves / inputSaves)))
        .div(deviation.clamp_min(new Scalar(1e-6)));
  }

  private static Tensor logarithm(Tensor importance) {
    return importance.clamp_min(new Scalar(NO_IMPORTANCE)).log();
  }

  /** Mean over the tokens of each mask, experts x hidden_size; over all for a mask without any. */
  private Tensor meanOfMasks(Tensor importance, Tensor tokensOf) {
    Tensor sums = torch.zeros(options.experts(), importance.size(1));
    sums.index_add_(0, tokensOf, importance);
    Tensor counts = torch.bincount(tokensOf, new TensorOptional(), options.experts()).unsqueeze(1);
    Tensor means = sums.div(counts.clamp_min(new Scalar(1)));
    return torch.where(counts.eq(new Scalar(0)), importance.mean(0).unsqueeze(0), means);
  }

  /** s_ti: tokens x hidden_size, fp32. */
  Tensor ofTokens(Tensor x) {
    Tensor importance = torch.empty_like(x);
    Tensor norms = weights.down().square().sum(0).unsqueeze(0);
    Tensor gateSquares = weights.gate().square();
    Tensor upSquares = weights.up().square();
    Tensor products = weights.gate().mul(weights.up()).mul_(new Scalar(2));
    LayerByLayer.eachPass(
        x,
        (first, part) -> {
          Tensor g = weights.precision().linear(part, weights.gate()).to(torch.ScalarType.Float);
          Tensor u = weights.precision().linear(part, weights.up()).to(torch.ScalarType.Float);
          Tensor sigmoid = g.sigmoid();
          Tensor byUp = g.mul(sigmoid); // ∂a/∂u = SiLU(g)
          // ∂a/∂g = u SiLU'(g), SiLU' = σ + g σ (1 - σ)
          Tensor byGate = sigmoid.add(byUp.mul(sigmoid.neg().add(new Scalar(1)))).mul(u);
          Tensor slope =
              byGate
                  .square()
                  .mul(norms)
                  .matmul(gateSquares)
                  .add(byGate.mul(byUp).mul(norms).matmul(products))
                  .add(byUp.square().mul(norms).matmul(upSquares));
          // Rounding may leave a sum of squares below 0.
          importance
              .narrow(0, first, part.size(0))
              .copy_(part.square().mul(slope.clamp_min(new Scalar(0))));
        });
    return importance;
  }
}
