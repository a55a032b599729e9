package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.WideProducts;

/**
 * Masks of one layer from activation statistics, by alternation: each mask takes the neurons that
 * matter most to its tokens, each token goes to the mask that captures most of its importance. The
 * k-means of masks, hence the name.
 *
 * <p>Each of the 15 rounds costs one tokens x gates x experts product. Runs without gradients; the
 * result is the same for the same seed and number of threads.
 */
final class KMasks {
  private static final int ROUNDS = 15;

  /** Importance below this is none: keeps the logarithm finite for neurons that never fire. */
  private static final double NO_IMPORTANCE = 1e-30;

  private final Tensor importance;
  private final Tensor total;
  private final int experts;
  private final int topK;

  /**
   * @param importance s_tj = (a_tj ‖W_d[:,j]‖)², summed over each gate's neurons; tokens x gates,
   *     fp32
   * @param experts masks to make
   * @param topK masks that each token goes to
   */
  KMasks(Tensor importance, int experts, int topK) {
    this.importance = importance;
    this.total = importance.sum(1).unsqueeze(1).clamp_min(new Scalar(NO_IMPORTANCE));
    this.experts = experts;
    this.topK = topK;
  }

  /**
   * The outcome for one layer.
   *
   * @param meanImportance mean importance of each gate among the tokens of each mask, experts x
   *     gates
   * @param captured share of each token's importance that each mask captures, tokens x experts
   */
  record Result(Tensor meanImportance, Tensor captured) {
    /** The z-score of the logarithm of the mean importance of each mask: experts x gates. */
    Tensor logAlpha() {
      Tensor log = meanImportance.clamp_min(new Scalar(NO_IMPORTANCE)).log();
      Tensor centred = log.sub(log.mean(1).unsqueeze(1));
      Tensor deviation = centred.mul(centred).mean(1).unsqueeze(1).sqrt();
      return centred.div(deviation.clamp_min(new Scalar(1e-6)));
    }
  }

  /**
   * Alternates from a first grouping of the tokens.
   *
   * @param x the layer's input, tokens x hidden_size, fp32: similar tokens begin in one group
   * @param gatesOn gates that each mask keeps
   * @param random where the grouping starts
   */
  Result fit(Tensor x, int gatesOn, SplittableRandom random) {
    Tensor mean = torch.zeros(experts, importance.size(1));
    Tensor captured = torch.zeros(importance.size(0), experts);
    Tensor tokensOf =
        torch.empty(
            new long[] {importance.size(0), topK}, new TensorOptions(torch.ScalarType.Long), null);
    tokensOf.copy_(SphericalKMeans.assign(x, experts, random).unsqueeze(1));
    for (int round = 0; round < ROUNDS; round++) {
      try (PointerScope _ = new PointerScope()) {
        mean.copy_(meanImportance(tokensOf));
        captured.copy_(captured(largest(mean, gatesOn)));
        tokensOf.copy_(choose(captured));
        reseedEmpty(tokensOf, captured);
      }
    }
    return new Result(mean, captured);
  }

  /** Binary masks of the gatesOn largest values of each row, fp32. */
  static Tensor largest(Tensor values, int gatesOn) {
    Tensor masks = torch.zeros_like(values);
    return gatesOn == 0
        ? masks
        : masks.scatter_(1, values.topk(gatesOn, 1, true, false).get1(), new Scalar(1));
  }

  /** Share of each token's importance that each mask captures: tokens x experts. */
  Tensor captured(Tensor masks) {
    return WideProducts.matmul(importance, masks.t()).div_(total);
  }

  /** The topK masks that capture most, int64, tokens x topK. */
  private Tensor choose(Tensor captured) {
    return topK == 1
        ? captured.argmax(new LongOptional(1), true)
        : captured.topk(topK, 1, true, true).get1();
  }

  /** Mean importance of each gate among the tokens of each mask: experts x gates. */
  private Tensor meanImportance(Tensor tokensOf) {
    Tensor sums = torch.zeros(experts, importance.size(1));
    for (long c = 0; c < tokensOf.size(1); c++) {
      sums.index_add_(0, tokensOf.select(1, c), importance);
    }
    return sums.div(counts(tokensOf).clamp_min(new Scalar(1)).unsqueeze(1));
  }

  private Tensor counts(Tensor tokensOf) {
    return torch
        .bincount(tokensOf.reshape(tokensOf.numel()), new TensorOptional(), experts)
        .to(torch.ScalarType.Float);
  }

  /** Gives a mask without tokens the worse captured half of the tokens of the largest mask. */
  private void reseedEmpty(Tensor tokensOf, Tensor captured) {
    float[] all = Tensors.toFloats(counts(tokensOf));
    Tensor first = tokensOf.select(1, 0);
    float[] size = Tensors.toFloats(counts(first));
    for (int e = 0; e < experts; e++) {
      if (all[e] > 0) {
        continue;
      }
      int crowded = indexOfLargest(size);
      Tensor members = first.eq(new Scalar(crowded)).nonzero().select(1, 0);
      Tensor shares = captured.select(1, crowded).index_select(0, members);
      Tensor worst = members.index_select(0, shares.argsort(0, false));
      long moved = members.size(0) / 2; // 0 when there are fewer tokens than masks
      first.index_fill_(0, worst.narrow(0, 0, moved), new Scalar(e));
      size[crowded] -= moved;
      size[e] += moved;
    }
  }

  private static int indexOfLargest(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  /** (a ‖W_d[:,j]‖)², summed over blocks of neighbouring neurons: tokens x gates, fp32. */
  static Tensor importance(Tensor activations, Tensor down, int block) {
    Tensor norms = down.mul(down).sum(0).unsqueeze(0);
    Tensor a = activations.to(torch.ScalarType.Float);
    Tensor squares = a.mul(a).mul_(norms);
    return block == 1
        ? squares
        : squares.view(squares.size(0), squares.size(1) / block, block).sum(2);
  }
}
