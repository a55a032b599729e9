package org.mixtureofmasks.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.nn.Recomputation;
import org.mixtureofmasks.nn.SideBySide;
import org.mixtureofmasks.sparsify.Method;

/**
 * Loss and gradients of one optimiser step, micro-batch by micro-batch.
 *
 * @param trained every tensor that has gradients
 * @param teacher the dense model as it was before training; empty without distillation
 * @param distillation w of the loss (1 - w) CE + w KL(teacher || model)
 * @param threads how many micro-batches run at once, if the method allows it
 * @param recompute whether layers are computed twice instead of kept; only if the method allows
 *     passes at once and trains nothing but the model's weights
 */
record StepLoss(
    DecoderModule model,
    Method method,
    List<Tensor> trained,
    Optional<DecoderModule> teacher,
    double distillation,
    int threads,
    boolean recompute) {
  private static final FeedForward DENSE = (layer, x, weights) -> weights.dense(x);

  StepLoss {
    if (recompute && !(method.passesAtOnce() && model.parameters().values().containsAll(trained))) {
      throw new IllegalArgumentException(
          "layers of %s cannot be computed again".formatted(method.name()));
    }
  }

  /**
   * What a step saw, each a mean over its tokens, in nats.
   *
   * @param crossEntropy of the next token
   * @param divergence KL(teacher || model); 0 without a teacher
   * @param extra the method's own losses
   */
  record Result(double crossEntropy, double divergence, double extra) {}

  /**
   * What one micro-batch gave. Its tensors live until they are added up, beyond the pass.
   *
   * @param loss of its tokens
   * @param extra the method's own losses, by the micro-batch's share of the step
   * @param gradients by each of {@link #trained}; undefined where there is none
   * @param projection gradient by the output projection as such; empty if it is not trained
   */
  private record MicroBatch(
      NextTokenLoss.Result loss,
      double extra,
      List<Tensor> gradients,
      Optional<Tensor> projection) {
    MicroBatch {
      gradients.forEach(Tensor::retainReference);
      projection.ifPresent(Tensor::retainReference);
    }

    void release() {
      gradients.forEach(Tensor::releaseReference);
      projection.ifPresent(Tensor::releaseReference);
    }
  }

  /** Adds the gradients of the mean loss over the rows to every trainable tensor. */
  Result accumulate(long[][] rows, int microRows) {
    long tokens = (long) rows.length * (rows[0].length - 1);
    double[] sums = new double[3];
    Turns turns = new Turns(Recomputation.parts(model));
    SideBySide.inOrder(
        Math.ceilDiv(rows.length, microRows),
        method.passesAtOnce() ? threads : 1,
        i -> {
          int from = i * microRows;
          long[][] part = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + microRows));
          return recompute
              ? recomputed(part, tokens, i, turns)
              : microBatch(part, tokens, (double) part.length / rows.length);
        },
        done -> {
          add(done);
          sums[0] += done.loss().crossEntropy();
          sums[1] += done.loss().divergence();
          sums[2] += done.extra();
        });
    if (method.passesAtOnce() && threads > 1) {
      Natives.giveBack();
    }
    return new Result(sums[0] / tokens, sums[1] / tokens, sums[2]);
  }

  /**
   * @param tokens of the whole step
   * @param share of them that these rows have
   */
  private MicroBatch microBatch(long[][] rows, long tokens, double share) {
    try (PointerScope _ = new PointerScope()) {
      method.beginMicroBatch();
      Validation.Batch batch = Validation.Batch.of(rows);
      Tensor hidden = model.hidden(batch.ids(), method.feedForward());
      NextTokenLoss.Differentiated head = head(hidden, batch, tokens);
      Optional<Tensor> own = method.extraLoss();
      List<Tensor> gradients = gradients(hidden, head, own.filter(Tensor::requires_grad), share);
      return new MicroBatch(
          head.loss(),
          own.map(loss -> loss.item_double() * share).orElse(0.0),
          gradients,
          head.weight());
    }
  }

  /**
   * The same without a graph of all layers; gradients are added up on the way.
   *
   * @param number of the micro-batch within the step
   */
  private MicroBatch recomputed(long[][] rows, long tokens, int number, Turns turns) {
    try (PointerScope _ = new PointerScope()) {
      method.beginMicroBatch();
      Validation.Batch batch = Validation.Batch.of(rows);
      Recomputation pass = new Recomputation(model, batch.ids(), method.feedForward());
      NextTokenLoss.Differentiated head = head(pass.hidden(), batch, tokens);
      pass.differentiate(
          head.hidden(),
          (part, weights, gradients) ->
              turns.take(
                  part,
                  number,
                  () -> {
                    add(weights, gradients);
                    if (part == Recomputation.EMBEDDING) {
                      addProjection(head.weight());
                    }
                  }));
      return new MicroBatch(head.loss(), 0, List.of(), Optional.empty());
    } catch (RuntimeException | Error e) {
      turns.fail(number);
      throw e;
    }
  }

  private NextTokenLoss.Differentiated head(Tensor hidden, Validation.Batch batch, long tokens) {
    return new NextTokenLoss(model.precision())
        .differentiate(
            hidden,
            model.outputProjection(),
            batch.targets(),
            teacher.map(t -> teach(t, batch.ids())),
            1.0 / tokens);
  }

  private List<Tensor> gradients(
      Tensor hidden, NextTokenLoss.Differentiated head, Optional<Tensor> own, double share) {
    TensorVector roots = new TensorVector();
    TensorVector byRoots = new TensorVector();
    if (hidden.requires_grad()) {
      roots.push_back(hidden);
      byRoots.push_back(head.hidden());
    }
    own.ifPresent(
        loss -> {
          roots.push_back(loss);
          byRoots.push_back(torch.full_like(loss.detach(), new Scalar(share)));
        });
    if (roots.empty() || trained.isEmpty()) {
      return List.of();
    }
    TensorVector by = new TensorVector(trained.toArray(Tensor[]::new));
    TensorVector found = torch.grad(roots, by, byRoots, new BoolOptional(), false, true);
    List<Tensor> gradients = new ArrayList<>();
    for (long i = 0; i < found.size(); i++) {
      gradients.add(new Tensor(found.get(i))); // what get gives dies with the vector
    }
    return gradients;
  }

  private void add(MicroBatch done) {
    try {
      add(trained, done.gradients());
      addProjection(done.projection());
    } finally {
      done.release();
    }
  }

  private void addProjection(Optional<Tensor> gradient) {
    gradient.ifPresent(more -> add(List.of(model.outputProjection()), List.of(more)));
  }

  /**
   * Adds gradients to those that the weights have.
   *
   * @param gradients by each of the weights, undefined where there is none; or none at all
   */
  static void add(List<Tensor> weights, List<Tensor> gradients) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      for (int i = 0; i < gradients.size(); i++) {
        addGradient(weights.get(i), gradients.get(i));
      }
    }
  }

  private static void addGradient(Tensor weight, Tensor gradient) {
    if (!gradient.defined()) {
      return;
    }
    if (weight.grad().defined()) {
      weight.mutable_grad().add_(gradient);
    } else {
      weight.mutable_grad().put(gradient);
    }
  }

  private NextTokenLoss.Teacher teach(DecoderModule dense, Tensor ids) {
    try (NoGradGuard _ = new NoGradGuard()) {
      return new NextTokenLoss.Teacher(
          dense.hidden(ids, DENSE), dense.outputProjection(), distillation);
    }
  }
}
