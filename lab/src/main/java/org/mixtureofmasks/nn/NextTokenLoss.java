package org.mixtureofmasks.nn;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The output projection, the loss (1 - w) CE + w KL(teacher || model) and their gradients in one
 * pass over pieces of the tokens. The whole logits (tokens x vocab_size, the largest tensor of a
 * step by far) never exist, and each piece is touched once while it is in the cache.
 *
 * <p>With p the model's distribution and q the teacher's, the gradient by a token's logits is p -
 * (1-w) onehot(target) - w q.
 */
public final class NextTokenLoss {
  /**
   * Logits of one piece, 32 MB in fp32: with fewer tokens the products spend their time on
   * arranging the projection, with more the C library fetches fresh pages for every piece.
   */
  public static final long PIECE_ELEMENTS = 1 << 23;

  /**
   * What one call found.
   *
   * @param crossEntropy sum over the tokens, nats
   * @param divergence sum over the tokens of KL(teacher || model), nats; 0 without a teacher
   */
  public record Result(double crossEntropy, double divergence) {}

  /**
   * The loss with its gradients.
   *
   * @param loss what {@link #evaluate} gives
   * @param hidden gradient by the last state, tokens x hidden_size, fp32
   * @param weight gradient by the output projection, vocab_size x hidden_size, fp32; empty when it
   *     is not trained
   */
  public record Differentiated(Result loss, Tensor hidden, Optional<Tensor> weight) {}

  /**
   * Another model's view of the same tokens.
   *
   * @param hidden its last state, tokens x hidden_size
   * @param projection its output projection, vocab_size x hidden_size
   * @param weight w, in [0, 1]
   */
  public record Teacher(Tensor hidden, Tensor projection, double weight) {}

  /** Tokens whose logits exist at once. */
  public static int pieceTokens(long vocabSize) {
    return (int) Math.max(1, PIECE_ELEMENTS / vocabSize);
  }

  private final Precision precision;

  public NextTokenLoss(Precision precision) {
    this.precision = precision;
  }

  /** The loss alone. */
  public Result evaluate(Tensor hidden, Tensor projection, Tensor targets) {
    return run(hidden, projection, targets, Optional.empty(), Optional.empty());
  }

  /**
   * The loss and its gradients.
   *
   * @param hidden tokens x hidden_size, fp32
   * @param projection vocab_size x hidden_size
   * @param targets tokens, int64
   * @param teacher whom to follow too
   * @param scale the gradients are those of scale · (sum over the tokens)
   */
  public Differentiated differentiate(
      Tensor hidden, Tensor projection, Tensor targets, Optional<Teacher> teacher, double scale) {
    Tensor byHidden = torch.empty_like(hidden.detach());
    Optional<Tensor> byWeight =
        projection.requires_grad()
            ? Optional.of(torch.zeros_like(projection.detach()))
            : Optional.empty();
    Gradients gradients = new Gradients(byHidden, byWeight, scale);
    Result loss = run(hidden, projection, targets, teacher, Optional.of(gradients));
    return new Differentiated(loss, byHidden, byWeight);
  }

  private Result run(
      Tensor hidden,
      Tensor projection,
      Tensor targets,
      Optional<Teacher> teacher,
      Optional<Gradients> gradients) {
    try (NoGradGuard _ = new NoGradGuard()) {
      long tokens = hidden.size(0);
      long piece = Math.min(pieceTokens(projection.size(0)), tokens);
      Tensor h = precision.cast(hidden.detach());
      Tensor w = precision.cast(projection.detach());
      Optional<Teacher> cast =
          teacher.map(t -> new Teacher(t.hidden(), precision.cast(t.projection()), t.weight()));
      Tensor total = torch.zeros(2);
      for (long at = 0; at < tokens; at += piece) {
        long from = at;
        long n = Math.min(piece, tokens - at);
        // Frees the piece's tensors before the next one's are made.
        try (PointerScope _ = new PointerScope()) {
          Tensor hPiece = h.narrow(0, from, n);
          Tensor target = targets.narrow(0, from, n).unsqueeze(1);
          Tensor logP = logProbabilities(hPiece, w);
          total.select(0, 0).sub_(logP.gather(1, target).sum());
          Optional<Soft> soft = cast.map(t -> soft(t, from, n));
          soft.ifPresent(s -> total.select(0, 1).add_(s.divergence(logP)));
          gradients.ifPresent(
              to -> {
                Tensor byLogits = byLogits(logP, target, soft).mul_(new Scalar(to.scale()));
                to.add(from, precision.cast(byLogits), hPiece, w);
              });
        }
      }
      float[] sums = Tensors.toFloats(total);
      return new Result(sums[0], sums[1]);
    }
  }

  private Tensor logProbabilities(Tensor hidden, Tensor projection) {
    return precision.linear(hidden, projection).to(torch.ScalarType.Float).log_softmax(-1);
  }

  private Soft soft(Teacher teacher, long from, long n) {
    Tensor logQ = logProbabilities(teacher.hidden().narrow(0, from, n), teacher.projection());
    return new Soft(logQ, logQ.exp(), teacher.weight());
  }

  /** p - (1-w) onehot(target) - w q, in the memory of log p. */
  private static Tensor byLogits(Tensor logP, Tensor target, Optional<Soft> soft) {
    double w = soft.map(Soft::weight).orElse(0.0);
    Tensor gradient = logP.exp_();
    Tensor hit = torch.full(new long[] {target.size(0), 1}, new Scalar(w - 1));
    gradient.scatter_add_(1, target, hit);
    soft.ifPresent(s -> gradient.sub_(s.q(), new Scalar(w)));
    return gradient;
  }

  /** The teacher's distribution over the tokens of a piece. */
  private record Soft(Tensor logQ, Tensor q, double weight) {
    /** Σ over the tokens of KL(q || p). */
    Tensor divergence(Tensor logP) {
      return q.mul(logQ.sub(logP)).sum();
    }
  }

  /** Where the gradients of the pieces go. */
  private record Gradients(Tensor byHidden, Optional<Tensor> byWeight, double scale) {
    void add(long from, Tensor byLogits, Tensor hidden, Tensor projection) {
      byHidden.narrow(0, from, hidden.size(0)).copy_(byLogits.matmul(projection));
      byWeight.ifPresent(sum -> sum.add_(byLogits.t().matmul(hidden)));
    }
  }
}
