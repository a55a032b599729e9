package org.mixtureofmasks.model;

import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.ParallelKernels;

/** The sparse feed-forwards that are computed by dense products, after routing. */
final class SparseLayer {
  private final ParallelKernels kernels;

  SparseLayer(ParallelKernels kernels) {
    this.kernels = kernels;
  }

  /** Everything is computed, then y = W_d (v ⊙ a) with v_j from the weights that hold j. */
  void masked(Workspace s, FeedForward.Masked ffn, int l) {
    Workspace.Sparse w = s.sparse();
    Activations x = ffn.inputMasks().map(masks -> maskedInputs(s, masks)).orElse(s.normed);
    kernels.gated(x, ffn.dense().gate(), ffn.dense().up(), s.gate, s.up);
    int m = ffn.dense().gate().rows();
    float[] a = s.gate.values();
    for (int t = 0; t < s.normed.tokens(); t++) {
      long active = mask(w, ffn, t, m);
      for (int j = 0; j < m; j++) {
        a[t * m + j] *= w.mask[j];
      }
      long inputs = x.columns();
      if (ffn.inputMasks().isPresent()) {
        inputs = ffn.inputMasks().get().get(w.decisions.expert(t, 0)).count();
      }
      w.activeWeights[l] += inputs == 0 ? 0 : active * (2 * inputs + x.columns());
    }
    s.gate.changed(s.normed.tokens());
    kernels.multiply(s.gate, ffn.dense().down(), s.out);
  }

  /** x ⊙ h_e of each token's expert e. */
  private static Activations maskedInputs(Workspace s, List<Mask> masks) {
    Workspace.Sparse w = s.sparse();
    int d = s.normed.columns();
    float[] out = w.inputs.values();
    for (int t = 0; t < s.normed.tokens(); t++) {
      Mask mask = masks.get(w.decisions.expert(t, 0));
      for (int c = 0; c < d; c++) {
        out[t * d + c] = bit(mask, c) * s.normed.values()[t * d + c];
      }
    }
    w.inputs.changed(s.normed.tokens());
    return w.inputs;
  }

  /** Leaves v of one token in w.mask; how many of its m elements are not 0. */
  private static int mask(Workspace.Sparse w, FeedForward.Masked ffn, int t, int m) {
    boolean ones = ffn.router().routing().weights() == Routing.Weights.ONES;
    Arrays.fill(w.mask, 0, m, 0);
    for (int i = 0; i < w.decisions.count(t); i++) {
      Mask mask = ffn.masks().get(w.decisions.expert(t, i));
      float weight = w.decisions.weight(t, i);
      for (int j = 0; j < m; j++) {
        float bit = bit(mask, j);
        w.mask[j] = ones ? Math.max(w.mask[j], bit) : w.mask[j] + weight * bit;
      }
    }
    int active = 0;
    for (int j = 0; j < m; j++) {
      active += w.mask[j] != 0 ? 1 : 0;
    }
    return active;
  }

  private static float bit(Mask mask, int i) {
    return mask.on(i) ? 1 : 0;
  }

  /** Each expert is a dense FFN over the inputs that it keeps, for the tokens that chose it. */
  void blocks(Workspace s, FeedForward.Blocks ffn, int l) {
    Workspace.Sparse w = s.sparse();
    int d = s.normed.columns();
    Arrays.fill(s.out, 0, s.normed.tokens() * d, 0);
    for (int e = 0; e < ffn.blocks().size(); e++) {
      FeedForward.Block block = ffn.blocks().get(e);
      int tokens = gather(s, e, block.inputs());
      w.activeWeights[l] += tokens * block.weights();
      if (tokens == 0 || block.weights() == 0) {
        continue;
      }
      s.gate.reshape(block.ffn().gate().rows());
      kernels.gated(w.inputs, block.ffn().gate(), block.ffn().up(), s.gate, s.up);
      kernels.multiply(s.gate, block.ffn().down(), w.blockOut);
      for (int i = 0; i < tokens; i++) {
        int t = w.list[i];
        for (int c = 0; c < d; c++) {
          s.out[t * d + c] = w.decisions.weight(t, 0) * w.blockOut[i * d + c];
        }
      }
    }
  }

  /** The kept inputs of the tokens of an expert, to w.inputs; the tokens to w.list. */
  private static int gather(Workspace s, int expert, int[] inputs) {
    Workspace.Sparse w = s.sparse();
    int d = s.normed.columns();
    float[] out = w.inputs.values();
    int n = 0;
    for (int t = 0; t < s.normed.tokens(); t++) {
      if (w.decisions.expert(t, 0) == expert) {
        for (int c = 0; c < inputs.length; c++) {
          out[n * inputs.length + c] = s.normed.values()[t * d + inputs[c]];
        }
        w.list[n++] = t;
      }
    }
    w.inputs.reshape(inputs.length);
    w.inputs.changed(n);
    return n;
  }
}
