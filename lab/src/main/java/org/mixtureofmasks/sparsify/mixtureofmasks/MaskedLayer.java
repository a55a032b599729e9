package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * Router and sets of gates of one layer while training, and how the gates enter the FFN. With v_s =
 * Σ_e w~_e V_e of a set s (one tokens x experts x dimensions product forward; its backward gives dv
 * V^T, which is the router's gradient):
 *
 * <ul>
 *   <li>y = (a ⊙ v) W_d^T, a = SiLU(x W_g^T) ⊙ (x W_u^T): gates on the neurons;
 *   <li>a = SiLU(x W_g^T ⊙ v_g) ⊙ (x W_u^T ⊙ v_u), y = a W_d^T: gates on both projections (FW);
 *   <li>x ⊙ v_in in place of x in either: gates on the inputs too (FH, FWH). The router sees x.
 * </ul>
 *
 * @param router trainable, experts x hidden_size
 * @param gates of its masks
 */
record MaskedLayer(Router router, LayerGates gates) {
  /**
   * The masked FFN.
   *
   * @param x tokens x hidden_size, fp32
   * @param sampled with this micro-batch's noise, or without noise; the same once hardened
   * @return tokens x hidden_size, fp32
   */
  Tensor apply(Tensor x, Router.Routing routing, FfnWeights weights, boolean sampled) {
    Tensor w = weights.precision().cast(routing.weights());
    Tensor in =
        gates
            .inputs()
            .map(set -> weights.precision().cast(x).mul(mixed(w, set, weights, sampled)))
            .orElse(x);
    Tensor v = mixed(w, gates.neurons(), weights, sampled);
    // Binary masks give the same either way, and only a ⊙ v lets the router learn from a neuron
    // that is off: between two factors that are both 0 the gradient is 0.
    if (gates.up().isEmpty() || gates.hardened()) {
      return weights.project(weights.activations(in).mul(v));
    }
    Tensor cast = weights.precision().cast(in);
    Tensor gate = weights.precision().linear(cast, weights.gate()).mul(v);
    Tensor linear = weights.precision().linear(cast, weights.up());
    Tensor a = torch.silu(gate).mul(linear.mul(mixed(w, gates.up().get(), weights, sampled)));
    return weights.project(a);
  }

  /** v = Σ_e w~_e V_e, tokens x dimensions. */
  private static Tensor mixed(Tensor w, Gates gates, FfnWeights weights, boolean sampled) {
    return w.matmul(weights.precision().cast(gates.masks(sampled)));
  }
}
