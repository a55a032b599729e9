package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.sparsify.LoadCount;

/**
 * The router of one layer: p = softmax(x W^T), the k most probable masks, their probabilities
 * normalised to sum 1. All in fp32, so that trainer and engine choose the same masks.
 *
 * @param weight experts x hidden_size, trainable
 * @param topK masks for each token, k
 * @param straightThrough whether the weights' gradient is that of p
 */
record Router(Tensor weight, int topK, boolean straightThrough) {
  /**
   * What the router decided for a batch of tokens.
   *
   * @param probabilities p, tokens x experts
   * @param chosen int64, tokens x k
   * @param weights w~ = p + stopgrad(w - p): the value of the normalised top-k weights w, the
   *     gradient of p; tokens x experts
   */
  record Routing(Tensor probabilities, Tensor chosen, Tensor weights) {
    /** Tokens that each mask was chosen for, int64 [experts]; the sum is tokens x k. */
    Tensor counts() {
      return torch.bincount(
          chosen.reshape(chosen.numel()), new TensorOptional(), probabilities.size(1));
    }

    /**
     * The load balance loss of the Switch Transformer (Fedus et al. 2022, Eq. 4) without its
     * weight: E Σ f_e P_e, f_e the share of choices that fell on e (no gradient), P_e the mean
     * probability of e over these tokens. 1 when even.
     *
     * @param load choices of each mask that f is taken from, these tokens' own among them
     */
    Tensor balance(LoadCount load) {
      double experts = probabilities.size(1);
      Tensor share = load.counts().to(torch.ScalarType.Float);
      return share.mul(probabilities.mean(0)).sum().mul(new Scalar(experts / load.choices()));
    }
  }

  /**
   * @param x tokens x hidden_size, fp32
   */
  Routing route(Tensor x) {
    Tensor p = torch.linear(x, weight).softmax(1);
    if (topK == 1) {
      Tensor chosen = p.detach().argmax(new LongOptional(1), true);
      Tensor one = torch.zeros_like(p.detach()).scatter_(1, chosen, new Scalar(1));
      return new Routing(p, chosen, straightThrough ? withGradientOf(p, one) : one);
    }
    Tensor chosen = p.detach().topk(topK, 1, true, true).get1();
    Tensor selected = p.gather(1, chosen);
    Tensor normalised = selected.div(selected.sum(1).unsqueeze(1));
    Tensor w = torch.zeros_like(p.detach()).scatter(1, chosen, normalised);
    return new Routing(p, chosen, straightThrough ? withGradientOf(p, w) : w);
  }

  private static Tensor withGradientOf(Tensor p, Tensor value) {
    return p.add(value.sub(p).detach());
  }
}
