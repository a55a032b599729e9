package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The share of the FFN's weights that a mask uses. Of the gate and the up projection a mask reads
 * |in| x |mid| weights each, of the down projection |mid| x d: (2 |in| |mid| + |mid| d) / (3 d m) =
 * f (1 + 2 h) / 3, with h = |in| / d and f = |mid| / m. All inputs on: f.
 */
final class ActiveShare {
  private ActiveShare() {}

  /**
   * @param h share of the inputs that are on
   * @param f share of the neurons that are on
   */
  static double of(double h, double f) {
    return f * (1 + 2 * h) / 3;
  }

  /**
   * @param h share of each mask's inputs that are on, experts x 1
   * @param on each neuron's probability to be on, experts x gates
   * @return experts x gates; the mean of a row is the mask's share
   */
  static Tensor of(Tensor h, Tensor on) {
    return on.mul(h.mul(new Scalar(2)).add(new Scalar(1)).div(new Scalar(3)));
  }

  /**
   * The share of the inputs, and of the neurons, at which masks that hold equal shares of both meet
   * a target: q (1 + 2 q) / 3 = target.
   */
  static double equalShares(double target) {
    return (Math.sqrt(1 + 24 * target) - 1) / 4;
  }
}
