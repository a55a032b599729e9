package org.mixtureofmasks.train;

import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.sparsify.Method;

/**
 * Loss and gradients of one optimiser step, micro-batch by micro-batch.
 *
 * @param teacher the dense model as it was before training; empty without distillation
 * @param distillation w of the loss (1 - w) CE + w KL(teacher || model)
 */
record StepLoss(
    DecoderModule model, Method method, Optional<DecoderModule> teacher, double distillation) {
  private static final FeedForward DENSE = (layer, x, weights) -> weights.dense(x);

  /**
   * What a step saw, each a mean over its tokens, in nats.
   *
   * @param crossEntropy of the next token
   * @param divergence KL(teacher || model); 0 without a teacher
   * @param extra the method's own losses
   */
  record Result(double crossEntropy, double divergence, double extra) {}

  /** Adds the gradients of the mean loss over the rows to every trainable tensor. */
  Result accumulate(long[][] rows, int microRows) {
    long tokens = (long) rows.length * (rows[0].length - 1);
    double crossEntropy = 0;
    double divergence = 0;
    double extra = 0;
    for (int from = 0; from < rows.length; from += microRows) {
      long[][] part = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + microRows));
      try (PointerScope _ = new PointerScope()) {
        double share = (double) part.length / rows.length;
        method.beginMicroBatch();
        Validation.Batch batch = Validation.Batch.of(part);
        Tensor hidden = model.hidden(batch.ids(), method.feedForward());
        NextTokenLoss.Differentiated head =
            new NextTokenLoss(model.precision())
                .differentiate(
                    hidden,
                    model.outputProjection(),
                    batch.targets(),
                    teacher.map(t -> teach(t, batch.ids())),
                    1.0 / tokens);
        extra += backward(hidden, head, method.extraLoss(), share);
        crossEntropy += head.loss().crossEntropy();
        divergence += head.loss().divergence();
      }
    }
    return new Result(crossEntropy / tokens, divergence / tokens, extra);
  }

  private double backward(
      Tensor hidden, NextTokenLoss.Differentiated head, Optional<Tensor> own, double share) {
    TensorVector roots = new TensorVector(hidden);
    TensorVector gradients = new TensorVector(head.hidden());
    own.filter(Tensor::requires_grad)
        .ifPresent(
            loss -> {
              roots.push_back(loss);
              gradients.push_back(torch.full_like(loss.detach(), new Scalar(share)));
            });
    torch.backward(roots, gradients, new BoolOptional(), false, new TensorVector());
    head.weight().ifPresent(gradient -> addGradient(model.outputProjection(), gradient));
    return own.map(loss -> loss.item_double() * share).orElse(0.0);
  }

  private static void addGradient(Tensor weight, Tensor gradient) {
    try (NoGradGuard _ = new NoGradGuard()) {
      if (weight.grad().defined()) {
        weight.mutable_grad().add_(gradient);
      } else {
        weight.mutable_grad().put(gradient);
      }
    }
  }

  private NextTokenLoss.Teacher teach(DecoderModule dense, Tensor ids) {
    try (NoGradGuard _ = new NoGradGuard()) {
      return new NextTokenLoss.Teacher(
          dense.hidden(ids, DENSE), dense.outputProjection(), distillation);
    }
  }
}
