package org.mixtureofmasks.nn;

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
  /** Logits of one piece: about 8 MB in fp32. */
  private static final long PIECE_ELEMENTS = 1 << 21;

  /**
   * What one call found.
   *
   * @param crossEntropy sum over the tokens, nats
   * @param divergence sum over the tokens of KL(teacher || model), nats; 0 without a teacher
   * @param hiddenGradient tokens x hidden_size, fp32; null when no gradient was asked for
   * @param weightGradient vocab_size x hidden_size, fp32; null when none was asked for
   */
  public record Result(
      double crossEntropy, double divergence, Tensor hiddenGradient, Tensor weightGradient) {}

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
    return run(hidden, projection, targets, null, 0, false);
  }

  /**
   * The loss and its gradients.
   *
   * @param hidden tokens x hidden_size, fp32
   * @param projection vocab_size x hidden_size
   * @param targets tokens, int64
   * @param teacher may be null
   * @param scale the gradients are those of scale · (sum over the tokens)
   */
  public Result differentiate(
      Tensor hidden, Tensor projection, Tensor targets, Teacher teacher, double scale) {
    return run(hidden, projection, targets, teacher, scale, true);
  }

  private Result run(
      Tensor hidden,
      Tensor projection,
      Tensor targets,
      Teacher teacher,
      double scale,
      boolean gradients) {
    try (NoGradGuard _ = new NoGradGuard()) {
      long tokens = hidden.size(0);
      long piece = Math.min(pieceTokens(projection.size(0)), tokens);
      Tensor h = precision.cast(hidden.detach());
      Tensor w = precision.cast(projection.detach());
      Tensor teacherW = teacher == null ? null : precision.cast(teacher.projection());
      Tensor total = torch.zeros(2);
      Tensor hiddenGradient = gradients ? torch.empty_like(hidden.detach()) : null;
      boolean learns = gradients && projection.requires_grad();
      Tensor weightGradient = learns ? torch.zeros_like(projection.detach()) : null;
      for (long at = 0; at < tokens; at += piece) {
        long n = Math.min(piece, tokens - at);
        // Frees the piece's tensors before the next one's are made.
        try (PointerScope _ = new PointerScope()) {
          Tensor hPiece = h.narrow(0, at, n);
          Tensor target = targets.narrow(0, at, n).unsqueeze(1);
          Tensor logits = torch.linear(hPiece, w).to(torch.ScalarType.Float);
          Tensor logP = logits.log_softmax(-1);
          total.select(0, 0).sub_(logP.gather(1, target).sum());
          Tensor q = null;
          if (teacher != null) {
            Tensor logQ =
                precision
                    .linear(teacher.hidden().narrow(0, at, n), teacherW)
                    .to(torch.ScalarType.Float)
                    .log_softmax(-1);
            q = logQ.exp();
            total.select(0, 1).add_(q.mul(logQ.sub(logP)).sum());
          }
          if (gradients) {
            double kl = teacher == null ? 0 : teacher.weight();
            Tensor gradient = logP.exp_();
            Tensor hit = torch.full(new long[] {n, 1}, new Scalar(kl - 1));
            gradient.scatter_add_(1, target, hit);
            if (q != null) {
              gradient.sub_(q, new Scalar(kl));
            }
            Tensor g = precision.cast(gradient.mul_(new Scalar(scale)));
            hiddenGradient.narrow(0, at, n).copy_(g.matmul(w));
            if (learns) {
              weightGradient.add_(g.t().matmul(hPiece));
            }
          }
        }
      }
      float[] sums = Tensors.toFloats(total);
      return new Result(sums[0], sums[1], hiddenGradient, weightGradient);
    }
  }
}
