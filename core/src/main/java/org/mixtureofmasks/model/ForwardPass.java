package org.mixtureofmasks.model;

import java.util.Arrays;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Rotary;
import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.Team;

/** The decoder: embedding, layers, last norm. Weights are immutable, all else is in the state. */
final class ForwardPass {
  private final ModelConfig config;
  private final ModelWeights weights;
  private final Team team;
  private final Rotary rotary;
  private final SparseLayer sparse;

  ForwardPass(ModelConfig config, ModelWeights weights, Team team) {
    this.config = config;
    this.weights = weights;
    this.team = team;
    this.rotary = Rotary.of(config);
    this.sparse = new SparseLayer(team);
  }

  /** Appends tokens[from, from + n) of one text, up to a batch; see {@link #run}. */
  void append(ModelState s, int[] tokens, int from, int n) {
    run(s, tokens, from, Places.chain(s.position(), n), s.position() + n);
  }

  /**
   * Runs up to a batch of tokens; leaves the residual stream of each in s.x. What the state holds
   * changes only when all is done, so a failure leaves it as it was.
   *
   * @param kept how many tokens of the last one's text are held afterwards
   */
  void run(ModelState s, int[] tokens, int from, Places places, int kept) {
    int d = config.hiddenSize();
    int n = places.count();
    s.cache.reserve(places.first() + n);
    for (int t = 0; t < n; t++) {
      weights.embedding().row(tokens[from + t], s.x, t * d);
      rotary.angles(places.positions()[t], s.cos, s.sin, t * rotary.pairs());
    }
    for (int l = 0; l < config.layers(); l++) {
      ModelWeights.Layer layer = weights.layers().get(l);
      norm(s, layer.attentionNorm(), n);
      attention(s, layer, l, places);
      Kernels.add(s.x, s.out, 0, n * d);
      norm(s, layer.ffnNorm(), n);
      feedForward(s, layer.ffn(), l);
      if (s.observer != null) {
        s.observer.computed(l, n, s.normed.values(), s.out);
      }
      Kernels.add(s.x, s.out, 0, n * d);
    }
    s.cache.gather(places.seen()[n - 1], kept);
    s.hold(kept, n);
  }

  /** The logits of the tokens rows[from, to) of the last run, to {@code out}: vocab_size each. */
  void logits(ModelState s, int[] rows, int from, int to, float[] out) {
    int d = config.hiddenSize();
    float[] normed = s.normed.values();
    for (int i = from; i < to; i++) {
      int at = (i - from) * d;
      team.kernels().rmsNorm(s.x, rows[i] * d, weights.norm(), config.rmsNormEps(), normed, at);
    }
    s.normed.changed(to - from);
    team.multiply(s.normed, weights.output(), out);
  }

  private void norm(ModelState s, float[] weight, int n) {
    int d = config.hiddenSize();
    if (n == 1) {
      team.kernels().rmsNorm(s.x, 0, weight, config.rmsNormEps(), s.normed.values(), 0);
    } else {
      team.forEach(
          n,
          (t, part) ->
              team.kernels()
                  .rmsNorm(s.x, t * d, weight, config.rmsNormEps(), s.normed.values(), t * d));
    }
    s.normed.changed(n);
  }

  private void attention(ModelState s, ModelWeights.Layer layer, int l, Places places) {
    int n = places.count();
    int hd = config.headDim();
    int heads = config.heads();
    int kvHeads = config.kvHeads();
    int group = heads / kvHeads; // query heads that share a key-value head
    team.multiply(
        s.normed,
        new Matrix[] {layer.query(), layer.key(), layer.value()},
        new float[][] {s.q, s.k, s.v});
    team.forEach(
        n,
        (t, part) -> {
          int angles = t * hd / 2;
          for (int h = 0; h < heads; h++) {
            Kernels.rope(s.q, (t * heads + h) * hd, hd, s.cos, s.sin, angles);
          }
          for (int g = 0; g < kvHeads; g++) {
            int at = (t * kvHeads + g) * hd;
            Kernels.rope(s.k, at, hd, s.cos, s.sin, angles);
            s.cache.put(l, g, places.first() + t, s.k, s.v, at);
          }
        });
    float scale = (float) (1 / Math.sqrt(hd));
    int fours = n / 4;
    team.forEach(
        (fours + n % 4) * heads,
        (item, part) -> {
          int h = item % heads;
          float[] keys = s.cache.keys(l, h / group);
          float[] values = s.cache.values(l, h / group);
          int unit = item / heads; // four tokens, and after those single ones
          int t = unit < fours ? 4 * unit : unit + 3 * fours;
          int at = (t * heads + h) * hd;
          float[] scores = s.scores[part];
          float[] out = s.attended.values();
          if (unit < fours) {
            int step = heads * hd;
            int[] all = {at, at + step, at + 2 * step, at + 3 * step};
            int[][] seen = Arrays.copyOfRange(places.seen(), t, t + 4);
            team.kernels().attendFour(s.q, all, keys, values, seen, hd, scale, scores, out);
          } else {
            int[] seen = places.seen()[t];
            team.kernels().attend(s.q, at, keys, values, seen, hd, scale, scores, out, at);
          }
        });
    s.attended.changed(n);
    team.multiply(s.attended, layer.attentionOutput(), s.out);
  }

  /** The feed-forward part of a layer on up to a batch of given inputs; leaves s.out. */
  void feedForward(ModelState s, int l, float[] inputs, int at, int n) {
    System.arraycopy(inputs, at, s.normed.values(), 0, n * config.hiddenSize());
    s.normed.changed(n);
    feedForward(s, weights.layers().get(l).ffn(), l);
  }

  private void feedForward(ModelState s, FeedForward ffn, int l) {
    switch (ffn) {
      case FeedForward.Dense dense -> {
        team.gated(s.normed, dense.gate(), dense.up(), s.gate, s.up);
        team.multiply(s.gate, dense.down(), s.out);
      }
      case FeedForward.Masked masked -> sparse.masked(s, masked, l);
      case FeedForward.Experts experts -> sparse.experts(s, experts, l);
      case FeedForward.Blocks blocks -> sparse.blocks(s, blocks, l);
    }
  }
}
