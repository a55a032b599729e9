package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * Hard concrete gates (Louizos et al. 2018, "Learning Sparse Neural Networks through L0
 * Regularization"): a sigmoid of logistic noise around log-alpha, stretched to (gamma, zeta) and
 * clipped to [0, 1], so that exact zeros and ones have probability and everything between has a
 * gradient. Every tensor here is elementwise and fp32.
 */
final class HardConcrete {
  /** Left end of the stretched interval. */
  static final double GAMMA = -0.1;

  /** Right end of the stretched interval. */
  static final double ZETA = 1.1;

  /** Temperature of the concrete distribution. */
  static final double BETA = 2.0 / 3.0;

  /** Log-alpha is kept in [-LIMIT, LIMIT]: ln 100, beyond which the gates' gradient dies. */
  static final double LIMIT = Math.log(100);

  /** Distance of the uniform noise from 0 and 1. */
  static final double NOISE_MARGIN = 1e-6;

  /** P(z = 0) as a sigmoid: beta ln(-gamma / zeta), about -1.5986. */
  private static final double ZERO_SHIFT = BETA * Math.log(-GAMMA / ZETA);

  private HardConcrete() {}

  /** Overwrites a tensor with uniform noise from torch's generator. */
  static void fillNoise(Tensor u) {
    u.uniform_(NOISE_MARGIN, 1 - NOISE_MARGIN, new org.bytedeco.pytorch.GeneratorOptional());
  }

  /**
   * Sampled gates in [0, 1].
   *
   * @param u uniform noise in (0, 1), of log-alpha's shape
   */
  static Tensor sample(Tensor logAlpha, Tensor u) {
    Tensor logistic = u.log().sub(u.neg().log1p());
    return stretched(logistic.add(logAlpha).mul(new Scalar(1 / BETA)).sigmoid());
  }

  /** Gates without noise: clip(sigmoid(log_alpha) (zeta - gamma) + gamma, 0, 1). */
  static Tensor noiseFree(Tensor logAlpha) {
    return stretched(logAlpha.sigmoid());
  }

  /** P(z != 0), the expected L0 norm of each gate. */
  static Tensor probabilityNonZero(Tensor logAlpha) {
    return logAlpha.sub(new Scalar(ZERO_SHIFT)).sigmoid();
  }

  /** P(z > 1/2): the median of z is above one half when log-alpha is above 0. */
  static Tensor probabilityAboveHalf(Tensor logAlpha) {
    return logAlpha.sigmoid();
  }

  /** Log-alpha kept in [-LIMIT, LIMIT]; the gradient of what is outside is 0. */
  static Tensor limited(Tensor logAlpha) {
    return logAlpha.clamp(optional(-LIMIT), optional(LIMIT));
  }

  private static Tensor stretched(Tensor s) {
    return s.mul(new Scalar(ZETA - GAMMA)).add(new Scalar(GAMMA)).clamp(optional(0), optional(1));
  }

  private static ScalarOptional optional(double value) {
    return new ScalarOptional(new Scalar(value));
  }
}
