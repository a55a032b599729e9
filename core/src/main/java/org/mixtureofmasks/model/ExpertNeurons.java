package org.mixtureofmasks.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.SparseFfn;

/** The FFN of layers whose experts are lists of neuron records, after routing. */
final class ExpertNeurons {
  private final ParallelKernels kernels;
  private final StepNeurons step;

  ExpertNeurons(ParallelKernels kernels) {
    this.kernels = kernels;
    step = new StepNeurons(kernels);
  }

  /** The tokens' outputs to s.out; counts the weights that they used. */
  void run(Workspace s, FeedForward.Experts ffn, int l) {
    if (s.step() && s.normed.tokens() > 1) {
      step.run(s, ffn, l);
    } else if (s.normed.tokens() < SparseFfn.LEAST_TOKENS) {
      for (int t = 0; t < s.normed.tokens(); t++) {
        one(s, ffn, l, t);
      }
    } else {
      many(s, ffn, l);
    }
    if (ffn.outputs() != null) {
      multiply(s.out, s.normed.tokens(), ffn.outputs());
    }
  }

  private static void multiply(float[] out, int tokens, float[] factors) {
    int d = factors.length;
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < d; i++) {
        out[t * d + i] *= factors[i];
      }
    }
  }

  private void one(Workspace s, FeedForward.Experts ffn, int l, int t) {
    Workspace.Sparse w = s.sparse();
    int n = list(w, ffn, t);
    count(s, l, n);
    w.ffn.one(kernels, ffn.neurons(), w.list, n, scales(w, ffn, t), s.normed, t, s.out);
  }

  /** The factors of the neurons that were listed for a token; null when all are 1. */
  static float @Nullable [] scales(Workspace.Sparse w, FeedForward.Experts ffn, int t) {
    boolean ones = ones(ffn) || w.decisions.count(t) == 1 && w.decisions.weight(t, 0) == 1;
    return ones ? null : w.scales;
  }

  private static boolean ones(FeedForward.Experts ffn) {
    return ffn.router().routing().weights() == Routing.Weights.ONES;
  }

  static void count(Workspace s, int l, long neurons) {
    s.sparse().activeWeights[l] += 3 * neurons * s.normed.columns();
  }

  /**
   * The neurons of all experts that a token chose, ascending, each once with the sum of its weights
   * (which ONES has no use for).
   *
   * @return how many
   */
  static int list(Workspace.Sparse w, FeedForward.Experts ffn, int t) {
    if (w.decisions.count(t) == 1) {
      int expert = w.decisions.expert(t, 0);
      int n = ffn.runs().size(expert);
      ffn.runs().list(expert, w.list);
      Arrays.fill(w.scales, 0, n, w.decisions.weight(t, 0));
      return n;
    }
    Arrays.fill(w.mask, 0, ffn.stored(), 0);
    for (int i = 0; i < w.decisions.count(t); i++) {
      ffn.runs().addTo(w.decisions.expert(t, i), w.decisions.weight(t, i), w.mask);
    }
    SharedNeurons union = ffn.union();
    Arrays.fill(w.seen, false);
    int n = 0;
    for (int j = 0; j < ffn.stored(); j++) {
      if (w.mask[j] != 0 && (union == null || !w.seen[union.neuron(j)])) {
        if (union != null) {
          w.seen[union.neuron(j)] = true; // further copies of it are left out
        }
        w.list[n] = j;
        w.scales[n++] = w.mask[j];
      }
    }
    return n;
  }

  /**
   * A batch in lanes, those with the same neurons next to each other. Where experts have enough
   * tokens to fill tiles, each pair of a token and its expert is a lane, so that nothing is
   * computed that no token asked for (but a neuron that two experts of a token hold is, twice).
   * Otherwise each token is a lane, in the order of its first expert. Where factors do not add up
   * (ONES) and lanes are pairs, what all experts hold has lanes of its own; masks that overlap in
   * other ways have no such part. With several experts a token the order of its sums, and so their
   * last bits, depends on the batch.
   */
  private void many(Workspace s, FeedForward.Experts ffn, int l) {
    Workspace.Sparse w = s.sparse();
    int tokens = s.normed.tokens();
    int most = w.decisions.most();
    int[] pairs = w.decisions.pairsByExpert(tokens, ffn.router().experts());
    SharedNeurons union = ffn.union();
    // Outputs of experts add up, or those of the parts that share no neuron do.
    ExpertRuns parts = union == null || most == 1 ? ffn.runs() : union.parts();
    w.ffn.clear();
    if (parts != null && (most == 1 || fillTiles(w.decisions, pairs))) {
      lanesOfPairs(w, ffn, parts, tokens, pairs);
      for (int t = 0; t < tokens; t++) {
        int chosen = w.decisions.count(t);
        count(s, l, chosen == 1 ? ffn.runs().size(w.decisions.expert(t, 0)) : list(w, ffn, t));
      }
    } else {
      count(s, l, lanesOfTokens(w, ffn, pairs));
    }
    w.ffn.many(kernels, ffn.neurons(), s.normed, s.out);
  }

  /** Whether the experts that were chosen have a tile of tokens each, on average. */
  private boolean fillTiles(RoutingDecisions decisions, int[] pairs) {
    int most = decisions.most();
    int used = 0;
    int last = -1;
    for (int pair : pairs) {
      int expert = decisions.expert(pair / most, pair % most);
      used += expert == last ? 0 : 1;
      last = expert;
    }
    return pairs.length >= used * kernels.kernels().tileTokens();
  }

  private static void lanesOfPairs(
      Workspace.Sparse w, FeedForward.Experts ffn, ExpertRuns parts, int tokens, int[] pairs) {
    int most = w.decisions.most();
    for (int pair : pairs) {
      int t = pair / most;
      int i = pair % most;
      w.ffn.lane(t, parts.neurons(w.decisions.expert(t, i)), w.decisions.weight(t, i));
    }
    int shared = ffn.router().experts();
    if (parts.experts() > shared) {
      for (int t = 0; t < tokens; t++) {
        if (w.decisions.count(t) > 0) {
          w.ffn.lane(t, parts.neurons(shared), 1);
        }
      }
    }
  }

  /**
   * @return neurons of all of them
   */
  private static long lanesOfTokens(Workspace.Sparse w, FeedForward.Experts ffn, int[] pairs) {
    int most = w.decisions.most();
    long neurons = 0;
    for (int pair : pairs) {
      if (pair % most != 0) {
        continue; // a lane stands with the token's first expert
      }
      int t = pair / most;
      int n = list(w, ffn, t);
      int[] own = w.room(t, n);
      System.arraycopy(w.list, 0, own, 0, n);
      if (ones(ffn)) {
        w.ffn.lane(t, own, n, 1);
      } else {
        w.ffn.lane(t, own, n, Arrays.copyOf(w.scales, n));
      }
      neurons += n;
    }
    return neurons;
  }
}
