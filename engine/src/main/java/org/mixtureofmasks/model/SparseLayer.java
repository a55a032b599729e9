package org.mixtureofmasks.model;

import java.util.Arrays;
import org.mixtureofmasks.kernel.SparseFfn;
import org.mixtureofmasks.kernel.Team;

/** Routing and the two sparse feed-forwards. */
final class SparseLayer {
  private final Team team;

  SparseLayer(Team team) {
    this.team = team;
  }

  /** Everything is computed, then y = W_d (v ⊙ a) with v_j = Σ of the weights that hold j. */
  void masked(LlamaState s, FeedForward.Masked ffn, int l) {
    LlamaState.Sparse w = s.sparse;
    team.gated(s.normed, ffn.dense().gate(), ffn.dense().up(), s.gate, s.up);
    int m = ffn.dense().gate().rows();
    float[] a = s.gate.values();
    route(s, ffn.router());
    for (int t = 0; t < s.normed.tokens(); t++) {
      choose(w, ffn.router(), l, t);
      Arrays.fill(w.mask, 0, m, 0);
      for (int i = 0; i < w.chosen.length; i++) {
        byte[] mask = ffn.masks()[w.chosen[i]];
        for (int j = 0; j < m; j++) {
          w.mask[j] += w.weights[i] * mask[j];
        }
      }
      int active = 0;
      for (int j = 0; j < m; j++) {
        a[t * m + j] *= w.mask[j];
        active += w.mask[j] != 0 ? 1 : 0;
      }
      w.activeNeurons[l] += active;
    }
    s.gate.changed(s.normed.tokens());
    team.multiply(s.gate, ffn.dense().down(), s.out);
  }

  /** Only the chosen experts' neurons are read. */
  void experts(LlamaState s, FeedForward.Experts ffn, int l) {
    route(s, ffn.router());
    if (s.normed.tokens() == 1) {
      one(s, ffn, l);
    } else {
      many(s, ffn, l);
    }
  }

  private void route(LlamaState s, Router router) {
    team.multiply(s.normed, router.weight(), s.sparse.routerLogits);
  }

  private static void choose(LlamaState.Sparse w, Router router, int l, int t) {
    int experts = router.experts();
    Router.choose(
        w.routerLogits, t * experts, experts, router.expertsPerToken(), w.chosen, w.weights);
    for (int e : w.chosen) {
      w.counts[l][e]++;
    }
  }

  private void one(LlamaState s, FeedForward.Experts ffn, int l) {
    LlamaState.Sparse w = s.sparse;
    choose(w, ffn.router(), l, 0);
    int n;
    float[] scales = null;
    if (w.chosen.length == 1) {
      n = ffn.runs().size(w.chosen[0]);
      ffn.runs().list(w.chosen[0], w.list);
    } else {
      n = union(w, ffn);
      scales = w.scales;
    }
    w.activeNeurons[l] += n;
    w.ffn.one(team, ffn.neurons(), w.list, n, scales, s.normed, s.out);
  }

  /** The neurons of all chosen experts, ascending, each once with the sum of its weights. */
  private static int union(LlamaState.Sparse w, FeedForward.Experts ffn) {
    Arrays.fill(w.mask, 0, ffn.stored(), 0);
    for (int i = 0; i < w.chosen.length; i++) {
      ffn.runs().addTo(w.chosen[i], w.weights[i], w.mask);
    }
    int n = 0;
    for (int j = 0; j < ffn.stored(); j++) {
      if (w.mask[j] != 0) {
        w.list[n] = j;
        w.scales[n++] = w.mask[j];
      }
    }
    return n;
  }

  /**
   * A batch is grouped by expert. With k >= 2 a token is in k groups, each scaled by its weight: a
   * neuron that two of them hold is computed twice, which costs less than tiles of single tokens.
   */
  private void many(LlamaState s, FeedForward.Experts ffn, int l) {
    LlamaState.Sparse w = s.sparse;
    int experts = ffn.router().experts();
    for (int e = 0; e < experts; e++) {
      w.ffn.group(e).clear();
    }
    for (int t = 0; t < s.normed.tokens(); t++) {
      choose(w, ffn.router(), l, t);
      for (int i = 0; i < w.chosen.length; i++) {
        w.ffn.group(w.chosen[i]).add(t, w.weights[i]);
      }
      w.activeNeurons[l] += w.chosen.length == 1 ? ffn.runs().size(w.chosen[0]) : union(w, ffn);
    }
    for (int e = 0; e < experts; e++) {
      SparseFfn.Group group = w.ffn.group(e);
      if (group.size() > 0) {
        ffn.runs().list(e, group.neurons(ffn.runs().size(e)));
      }
    }
    w.ffn.many(team, ffn.neurons(), s.normed, s.out);
  }
}
