package org.mixtureofmasks.sparsify.moefication;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.LinearRouterFit;

/** The router before training: predicts each expert's share of a token's activation. */
final class ExpertPredictor {
  private ExpertPredictor() {}

  /**
   * @param x tokens x hidden_size, fp32
   * @param importance s, tokens x intermediate_size, fp32
   * @param expertOf the expert of each neuron
   * @return experts x hidden_size, fp32: sigmoid(x W^T) is the predicted target
   */
  static Tensor fit(Tensor x, Tensor importance, int[] expertOf, int experts) {
    return LinearRouterFit.fit(x, targets(importance, expertOf, experts), Tensor::sigmoid);
  }

  /** score_e / max_e score_e with score_e = Σ_j in e of s_tj: tokens x experts, in [0, 1]. */
  static Tensor targets(Tensor importance, int[] expertOf, int experts) {
    Tensor index =
        Tensors.of(Arrays.stream(expertOf).asLongStream().toArray(), (long) expertOf.length);
    Tensor score = torch.zeros(importance.size(0), experts).index_add_(1, index, importance);
    return score.div(score.amax(new long[] {1}, true).clamp_min(new Scalar(1e-30)));
  }
}
