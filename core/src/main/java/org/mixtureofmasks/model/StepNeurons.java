package org.mixtureofmasks.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.kernel.ParallelKernels;

/**
 * The FFN of experts for a step, one token of each of several texts: those with the same neurons go
 * together, and each has the bits that {@link ExpertNeurons} gives one token.
 */
final class StepNeurons {
  private final ParallelKernels kernels;

  StepNeurons(ParallelKernels kernels) {
    this.kernels = kernels;
  }

  /** The tokens' outputs to s.out; counts the weights that they used. */
  void run(Workspace s, FeedForward.Experts ffn, int l) {
    Workspace.Sparse w = s.sparse();
    int tokens = s.normed.tokens();
    int[] sizes = new int[tokens];
    int[] groups = new int[tokens]; // the first token with the same neurons
    float[] @Nullable [] factors = new float[tokens][];
    for (int t = 0; t < tokens; t++) {
      sizes[t] = ExpertNeurons.list(w, ffn, t);
      ExpertNeurons.count(s, l, sizes[t]);
      groups[t] = group(w, t, sizes, groups);
      if (groups[t] == t) {
        System.arraycopy(w.list, 0, w.room(t, sizes[t]), 0, sizes[t]);
      }
      float[] own = ExpertNeurons.scales(w, ffn, t);
      factors[t] = own == null ? null : Arrays.copyOf(own, sizes[t]);
    }
    w.ffn.clear();
    for (int first = 0; first < tokens; first++) {
      for (int t = first; t < tokens; t++) {
        if (groups[t] == first) {
          lane(w, t, w.room(first, sizes[t]), sizes[t], factors[t]);
        }
      }
    }
    w.ffn.step(kernels, ffn.neurons(), s.normed, s.out);
  }

  /** The first token whose neurons are those that were just listed for t; t if there is none. */
  private static int group(Workspace.Sparse w, int t, int[] sizes, int[] groups) {
    int n = sizes[t];
    for (int other = 0; other < t; other++) {
      if (groups[other] == other
          && sizes[other] == n
          && Arrays.equals(w.room(other, n), 0, n, w.list, 0, n)) {
        return other;
      }
    }
    return t;
  }

  private static void lane(
      Workspace.Sparse w, int t, int[] list, int n, float @Nullable [] factors) {
    if (factors == null) {
      w.ffn.lane(t, list, n, 1);
    } else {
      w.ffn.lane(t, list, n, factors);
    }
  }
}
