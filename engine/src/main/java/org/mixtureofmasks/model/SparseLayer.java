package org.mixtureofmasks.model;

import java.util.Arrays;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.SparseFfn;
import org.mixtureofmasks.kernel.Team;

/** Routing and the sparse feed-forwards. */
final class SparseLayer {
  private final Team team;

  SparseLayer(Team team) {
    this.team = team;
  }

  /** Chooses the experts of all tokens and counts them. */
  private void route(LlamaState s, Router router, int l) {
    LlamaState.Sparse w = s.sparse;
    team.multiply(s.normed, router.weight(), w.routerProducts);
    int removed = l == s.removedLayer ? s.removedExpert : Router.NONE;
    for (int t = 0; t < s.normed.tokens(); t++) {
      int at = t * router.weight().rows();
      router.choose(w.routerProducts, at, w.choices, t, removed);
      if (s.observer != null) {
        float[] scores = Arrays.copyOfRange(w.routerProducts, at, at + router.experts());
        s.observer.routed(l, s.position() + t, w.choices.of(t), scores);
      }
      for (int i = 0; i < w.choices.count(t); i++) {
        w.counts[l][w.choices.expert(t, i)]++;
      }
    }
  }

  /** Everything is computed, then y = W_d (v ⊙ a) with v_j from the weights that hold j. */
  void masked(LlamaState s, FeedForward.Masked ffn, int l) {
    LlamaState.Sparse w = s.sparse;
    route(s, ffn.router(), l);
    Activations x = ffn.inputMasks() == null ? s.normed : maskedInputs(s, ffn.inputMasks());
    team.gated(x, ffn.dense().gate(), ffn.dense().up(), s.gate, s.up);
    int m = ffn.dense().gate().rows();
    float[] a = s.gate.values();
    for (int t = 0; t < s.normed.tokens(); t++) {
      long active = mask(w, ffn, t, m);
      for (int j = 0; j < m; j++) {
        a[t * m + j] *= w.mask[j];
      }
      long inputs = x.columns();
      if (ffn.inputMasks() != null) {
        inputs = ones(ffn.inputMasks()[w.choices.expert(t, 0)]);
      }
      w.activeWeights[l] += inputs == 0 ? 0 : active * (2 * inputs + x.columns());
    }
    s.gate.changed(s.normed.tokens());
    team.multiply(s.gate, ffn.dense().down(), s.out);
  }

  /** x ⊙ h_e of each token's expert e. */
  private static Activations maskedInputs(LlamaState s, byte[][] masks) {
    LlamaState.Sparse w = s.sparse;
    int d = s.normed.columns();
    float[] out = w.inputs.values();
    for (int t = 0; t < s.normed.tokens(); t++) {
      byte[] mask = masks[w.choices.expert(t, 0)];
      for (int c = 0; c < d; c++) {
        out[t * d + c] = mask[c] * s.normed.values()[t * d + c];
      }
    }
    w.inputs.changed(s.normed.tokens());
    return w.inputs;
  }

  /** Leaves v of one token in w.mask; how many of its m elements are not 0. */
  private static int mask(LlamaState.Sparse w, FeedForward.Masked ffn, int t, int m) {
    boolean ones = ffn.router().routing().weights() == Routing.Weights.ONES;
    Arrays.fill(w.mask, 0, m, 0);
    for (int i = 0; i < w.choices.count(t); i++) {
      byte[] mask = ffn.masks()[w.choices.expert(t, i)];
      float weight = w.choices.weight(t, i);
      for (int j = 0; j < m; j++) {
        w.mask[j] = ones ? Math.max(w.mask[j], mask[j]) : w.mask[j] + weight * mask[j];
      }
    }
    int active = 0;
    for (int j = 0; j < m; j++) {
      active += w.mask[j] != 0 ? 1 : 0;
    }
    return active;
  }

  private static int ones(byte[] mask) {
    int n = 0;
    for (byte on : mask) {
      n += on;
    }
    return n;
  }

  /** Each expert is a dense FFN over the inputs that it keeps, for the tokens that chose it. */
  void blocks(LlamaState s, FeedForward.Blocks ffn, int l) {
    route(s, ffn.router(), l);
    LlamaState.Sparse w = s.sparse;
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
      team.gated(w.inputs, block.ffn().gate(), block.ffn().up(), s.gate, s.up);
      team.multiply(s.gate, block.ffn().down(), w.blockOut);
      for (int i = 0; i < tokens; i++) {
        int t = w.list[i];
        for (int c = 0; c < d; c++) {
          s.out[t * d + c] = w.choices.weight(t, 0) * w.blockOut[i * d + c];
        }
      }
    }
  }

  /** The kept inputs of the tokens of an expert, to w.inputs; the tokens to w.list. */
  private static int gather(LlamaState s, int expert, int[] inputs) {
    LlamaState.Sparse w = s.sparse;
    int d = s.normed.columns();
    float[] out = w.inputs.values();
    int n = 0;
    for (int t = 0; t < s.normed.tokens(); t++) {
      if (w.choices.expert(t, 0) == expert) {
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

  /** Only the chosen experts' neurons are read. */
  void experts(LlamaState s, FeedForward.Experts ffn, int l) {
    route(s, ffn.router(), l);
    if (s.normed.tokens() < SparseFfn.LEAST_TOKENS) {
      for (int t = 0; t < s.normed.tokens(); t++) {
        one(s, ffn, l, t);
      }
    } else {
      many(s, ffn, l);
    }
  }

  private void one(LlamaState s, FeedForward.Experts ffn, int l, int t) {
    LlamaState.Sparse w = s.sparse;
    int n = list(w, ffn, t);
    w.activeWeights[l] += 3L * n * s.normed.columns();
    boolean ones =
        ffn.router().routing().weights() == Routing.Weights.ONES
            || w.choices.count(t) == 1 && w.choices.weight(t, 0) == 1;
    w.ffn.one(team, ffn.neurons(), w.list, n, ones ? null : w.scales, s.normed, t, s.out);
  }

  /**
   * The neurons of all experts that a token chose, ascending, each once with the sum of its weights
   * (which ONES has no use for).
   *
   * @return how many
   */
  private static int list(LlamaState.Sparse w, FeedForward.Experts ffn, int t) {
    if (w.choices.count(t) == 1) {
      int expert = w.choices.expert(t, 0);
      int n = ffn.runs().size(expert);
      ffn.runs().list(expert, w.list);
      Arrays.fill(w.scales, 0, n, w.choices.weight(t, 0));
      return n;
    }
    Arrays.fill(w.mask, 0, ffn.stored(), 0);
    for (int i = 0; i < w.choices.count(t); i++) {
      ffn.runs().addTo(w.choices.expert(t, i), w.choices.weight(t, i), w.mask);
    }
    UnscaledUnion union = ffn.union();
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
  private void many(LlamaState s, FeedForward.Experts ffn, int l) {
    LlamaState.Sparse w = s.sparse;
    Choices choices = w.choices;
    int tokens = s.normed.tokens();
    int experts = ffn.router().experts();
    int[] start = new int[experts + 1]; // where each expert's pairs begin, and their number
    int used = 0;
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < choices.count(t); i++) {
        used += start[choices.expert(t, i) + 1]++ == 0 ? 1 : 0;
      }
    }
    for (int e = 0; e < experts; e++) {
      start[e + 1] += start[e];
    }
    int pairs = start[experts];
    boolean adds = ffn.union() == null || choices.most() == 1; // each expert's outputs
    ExpertRuns parts = adds ? ffn.runs() : ffn.union().parts();
    boolean full = pairs >= used * team.kernels().tileTokens();
    w.ffn.clear();
    if (choices.most() == 1 || parts != null && full) {
      lanesOfPairs(w, parts, tokens, start);
    } else {
      lanesOfTokens(w, ffn, tokens, start);
    }
    for (int t = 0; t < tokens; t++) {
      long active = choices.count(t) == 1 ? ffn.runs().size(choices.expert(t, 0)) : list(w, ffn, t);
      w.activeWeights[l] += 3 * active * s.normed.columns();
    }
    w.ffn.many(team, ffn.neurons(), s.normed, s.out);
  }

  /**
   * @param start where each expert's pairs begin, and their number
   */
  private static void lanesOfPairs(LlamaState.Sparse w, ExpertRuns parts, int tokens, int[] start) {
    int experts = start.length - 1;
    int[] next = start.clone();
    int[] token = new int[start[experts]];
    float[] weight = new float[token.length];
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < w.choices.count(t); i++) {
        int at = next[w.choices.expert(t, i)]++;
        token[at] = t;
        weight[at] = w.choices.weight(t, i);
      }
    }
    for (int e = 0; e < experts; e++) {
      if (start[e] < start[e + 1]) {
        int[] list = listed(w, parts, e);
        for (int i = start[e]; i < start[e + 1]; i++) {
          w.ffn.lane(token[i], list, parts.size(e), weight[i]);
        }
      }
    }
    if (parts.experts() > experts) {
      int[] shared = listed(w, parts, experts);
      for (int t = 0; t < tokens; t++) {
        if (w.choices.count(t) > 0) {
          w.ffn.lane(t, shared, parts.size(experts), 1);
        }
      }
    }
  }

  private static int[] listed(LlamaState.Sparse w, ExpertRuns parts, int part) {
    int[] list = w.room(part, parts.size(part));
    parts.list(part, list);
    return list;
  }

  /**
   * @param start where each expert's pairs begin, and their number
   */
  private static void lanesOfTokens(
      LlamaState.Sparse w, FeedForward.Experts ffn, int tokens, int[] start) {
    boolean ones = ffn.router().routing().weights() == Routing.Weights.ONES;
    for (int e = 0; e < start.length - 1; e++) {
      for (int t = 0; t < tokens && start[e] < start[e + 1]; t++) {
        if (w.choices.count(t) > 0 && w.choices.expert(t, 0) == e) {
          int n = list(w, ffn, t);
          int[] neurons = w.room(t, n);
          System.arraycopy(w.list, 0, neurons, 0, n);
          if (ones) {
            w.ffn.lane(t, neurons, n, 1);
          } else {
            w.ffn.lane(t, neurons, n, Arrays.copyOf(w.scales, n));
          }
        }
      }
    }
  }
}
