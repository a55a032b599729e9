package org.mixtureofmasks.model;

import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.Team;

/** The decoder: embedding, layers, last norm. Weights are immutable, all else is in the state. */
final class ForwardPass {
  private final LlamaConfig config;
  private final LlamaWeights weights;
  private final Team team;
  private final double[] frequencies;
  private final SparseLayer sparse;

  ForwardPass(LlamaConfig config, LlamaWeights weights, Team team) {
    this.config = config;
    this.weights = weights;
    this.team = team;
    this.frequencies =
        Rotary.frequencies(config.rope().theta(), config.rope().scaling(), config.headDim());
    this.sparse = new SparseLayer(team);
  }

  /**
   * Appends up to a batch of tokens; leaves the residual stream of each in s.x. The position moves
   * only when all is done, so a failure leaves the state as it was.
   */
  void run(LlamaState s, int[] tokens, int from, int n) {
    int d = config.hiddenSize();
    int start = s.position();
    s.cache.reserve(start + n);
    for (int t = 0; t < n; t++) {
      weights.embedding().row(tokens[from + t], s.x, t * d);
      Rotary.angles(frequencies, start + t, s.cos, s.sin, t * frequencies.length);
    }
    for (int l = 0; l < config.layers(); l++) {
      LlamaWeights.Layer layer = weights.layers().get(l);
      norm(s, layer.attentionNorm(), n);
      attention(s, layer, l, start, n);
      Kernels.add(s.x, s.out, 0, n * d);
      norm(s, layer.ffnNorm(), n);
      feedForward(s, layer.ffn(), l);
      if (s.observer != null) {
        s.observer.computed(l, n, s.normed.values(), s.out);
      }
      Kernels.add(s.x, s.out, 0, n * d);
    }
    s.advance(n);
  }

  /** The logits of token t of the last run, to {@code out}: vocab_size floats. */
  void logits(LlamaState s, int t, float[] out) {
    int d = config.hiddenSize();
    team.kernels().rmsNorm(s.x, t * d, weights.norm(), config.rmsNormEps(), s.normed.values(), 0);
    s.normed.changed(1);
    team.multiply(s.normed, weights.output(), out);
  }

  /** The logits of n tokens from t on, n x vocab_size, to {@code out}. */
  void logits(LlamaState s, int t, int n, float[] out) {
    int d = config.hiddenSize();
    for (int i = 0; i < n; i++) {
      team.kernels()
          .rmsNorm(s.x, (t + i) * d, weights.norm(), config.rmsNormEps(), s.normed.values(), i * d);
    }
    s.normed.changed(n);
    team.multiply(s.normed, weights.output(), out);
  }

  private void norm(LlamaState s, float[] weight, int n) {
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

  private void attention(LlamaState s, LlamaWeights.Layer layer, int l, int start, int n) {
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
            s.cache.put(l, g, start + t, s.k, s.v, at);
          }
        });
    float scale = (float) (1 / Math.sqrt(hd));
    team.forEach(
        n * heads,
        (item, part) -> {
          int t = item / heads;
          int g = item % heads / group;
          team.kernels()
              .attend(
                  s.q,
                  item * hd,
                  s.cache.keys(l, g),
                  s.cache.values(l, g),
                  start + t + 1,
                  hd,
                  scale,
                  s.scores[part],
                  s.attended.values(),
                  item * hd);
        });
    s.attended.changed(n);
    team.multiply(s.attended, layer.attentionOutput(), s.out);
  }

  /** The feed-forward part of a layer on up to a batch of given inputs; leaves s.out. */
  void feedForward(LlamaState s, int l, float[] inputs, int at, int n) {
    System.arraycopy(inputs, at, s.normed.values(), 0, n * config.hiddenSize());
    s.normed.changed(n);
    feedForward(s, weights.layers().get(l).ffn(), l);
  }

  private void feedForward(LlamaState s, FeedForward ffn, int l) {
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
