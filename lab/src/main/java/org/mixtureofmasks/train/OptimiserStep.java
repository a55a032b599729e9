package org.mixtureofmasks.train;

import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.NeedsPasses;
import org.mixtureofmasks.sparsify.WholePasses;

/** One step of the optimiser, with the method's part before and after it. */
final class OptimiserStep {
  /**
   * What a step came to.
   *
   * @param loss means over its tokens
   * @param gradientNorm of the weights, before clipping
   * @param factor of every learning rate
   * @param tokens input tokens
   */
  record Result(StepLoss.Result loss, double gradientNorm, double factor, int tokens) {}

  private final Start start;
  private final AdamW optimizer;
  private final StepLoss loss;

  OptimiserStep(Start start, AdamW optimizer) {
    this.start = start;
    this.optimizer = optimizer;
    this.loss =
        new StepLoss(
            start.model(),
            start.method(),
            optimizer.tensors(),
            start.teacher(),
            Methods.provider(start.settings().recipe()).distillation(start.settings().recipe()),
            start.settings().threads(),
            start.settings().recompute());
  }

  /**
   * @param step 0-based
   * @param steps of the run, as they are planned now
   * @param run whose checkpoint an error names
   * @throws UserError if the loss is no number: nothing was updated
   */
  Result take(int step, int steps, RunFolder run) {
    Settings settings = start.settings();
    Method method = start.method();
    optimizer.clearGradients();
    method.beginStep(step, steps);
    long[][] rows = start.sampler().orElseThrow().next(settings.stepRows());
    StepLoss.Result losses = loss.accumulate(rows, settings.microRows());
    double norm = clip();
    double factor = settings.schedule(steps).factor(step);
    requireFinite(losses, norm, step, run);
    optimizer.step(factor);
    method.endStep(step, steps);
    if (step + 1 == steps && method instanceof NeedsPasses whole) {
      whole.recalibrate(new WholePasses(start.model()));
    }
    return new Result(losses, norm, factor, rows.length * settings.rowTokens());
  }

  /** Scales the weights' gradients to the largest norm; returns the norm before. */
  private double clip() {
    double limit = start.settings().recipe().get(RunKeys.CLIP);
    try (PointerScope _ = new PointerScope()) {
      TensorVector moving = new TensorVector();
      for (Tensor t : start.model().parameters().values()) {
        if (t.requires_grad() && t.grad().defined()) {
          moving.push_back(t);
        }
      }
      return moving.empty()
          ? 0
          : torch.clip_grad_norm_(moving, limit > 0 ? limit : Double.POSITIVE_INFINITY);
    }
  }

  private static void requireFinite(StepLoss.Result loss, double norm, int step, RunFolder run) {
    double total = loss.crossEntropy() + loss.divergence() + loss.extra() + norm;
    if (!Double.isFinite(total)) {
      throw new UserError(
          ("the loss is %s and the gradient's norm %s at step %s; the last good checkpoint is %s:"
                  + " begin anew with a smaller train.lr")
              .formatted(
                  loss.crossEntropy(),
                  norm,
                  step + 1,
                  run.latest().map(Path::toString).orElse("none yet")));
    }
  }
}
