package org.mixtureofmasks.sparsify;

import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.WideProducts;

/**
 * A linear router by logistic regression: minimises the cross entropy of link(x W^T) with soft
 * targets plus a quadratic penalty, by full-batch Adam on whitened inputs (whitening makes every
 * direction of x learn at one pace, so that sixty steps suffice). With softmax as the link the
 * experts compete for a token, with the sigmoid each has a target of its own; the gradient of both
 * losses is (link - target)^T x. The penalty keeps a router of 128 rows from learning 24k tokens by
 * heart: without it more of the captured share is lost on other tokens (mom-4m, 32 masks: 0.009
 * nats).
 */
public final class LinearRouterFit {
  private static final int STEPS = 60;
  private static final double LEARNING_RATE = 0.1;

  /** Added to the inputs' covariance, as a share of its mean eigenvalue. */
  private static final double RIDGE = 1e-2;

  /** Weight of half the squared norm of the router, in whitened coordinates. */
  private static final double PENALTY = 2e-3;

  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.95;

  private static final String MOMENTS = "second_moments";

  private LinearRouterFit() {}

  /**
   * What whitening is made from: x^T x, which adds up over tokens. The steps that follow need the
   * tokens themselves.
   */
  private static Sums secondMoments(Tensor x) {
    Sums sums = new Sums();
    sums.declare(MOMENTS, torch.ScalarType.Float, x.size(1), x.size(1))
        .add_(WideProducts.matmul(x.t(), x));
    return sums;
  }

  /**
   * Runs without gradients of its own making: call it within a NoGradGuard.
   *
   * @param x tokens x hidden_size, fp32
   * @param targets tokens x experts, in [0, 1], fp32
   * @param link from logits to what the targets are compared with, tokens x experts
   * @return the router, experts x hidden_size, fp32
   */
  public static Tensor fit(Tensor x, Tensor targets, UnaryOperator<Tensor> link) {
    long tokens = x.size(0);
    long width = x.size(1);
    Tensor covariance = secondMoments(x).get(MOMENTS).div(new Scalar((double) tokens));
    Tensor ridge = covariance.diagonal().mean().mul(new Scalar(RIDGE));
    Tensor identity = torch.eye(width);
    Tensor lower = torch.linalg_cholesky(covariance.add(identity.mul(ridge)), false);
    // x = white L^T, so that x W^T = white (W L)^T.
    Tensor inverse = torch.linalg_solve_triangular(lower, identity, false, true, false);
    Tensor white = WideProducts.matmul(x, inverse.t());
    // The gradient reads a direction's values of all tokens: three times as fast when they lie side
    // by side, with the same sums.
    Tensor directions = white.t().contiguous();
    Tensor w = torch.zeros(targets.size(1), width);
    Tensor m = torch.zeros_like(w);
    Tensor v = torch.zeros_like(w);
    for (int step = 1; step <= STEPS; step++) {
      try (PointerScope _ = new PointerScope()) {
        Tensor p = link.apply(WideProducts.matmul(white, w.t()));
        Tensor gradient =
            WideProducts.matmul(directions, p.sub_(targets)).t().div_(new Scalar((double) tokens));
        gradient.add_(w, new Scalar(PENALTY));
        m.mul_(new Scalar(BETA1)).add_(gradient, new Scalar(1 - BETA1));
        v.mul_(new Scalar(BETA2)).addcmul_(gradient, gradient, new Scalar(1 - BETA2));
        Tensor scale = v.div(new Scalar(1 - Math.pow(BETA2, step))).sqrt_().add_(new Scalar(1e-8));
        double rate =
            LEARNING_RATE
                * 0.5
                * (1 + Math.cos(Math.PI * (step - 1) / STEPS))
                / (1 - Math.pow(BETA1, step));
        w.addcdiv_(m, scale, new Scalar(-rate));
      }
    }
    return w.matmul(inverse).contiguous();
  }
}
