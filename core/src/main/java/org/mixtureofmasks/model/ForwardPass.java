package org.mixtureofmasks.model;

import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Rotary;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.ThresholdFfn;
import org.mixtureofmasks.kernel.TokenKept;

/**
 * The decoder: embedding, layers, last norm. Weights are immutable, all else is in texts and
 * workspace.
 */
final class ForwardPass {
  private final ModelConfig config;
  private final ModelWeights weights;
  private final ParallelKernels kernels;
  private final Rotary rotary;
  private final GroupedQueryLayer groupedQuery;
  private final RoutingLayer routing;
  private final SparseLayer sparse;
  private final ExpertNeurons neurons;

  private final @Nullable WeightMove move;
  private volatile boolean answered;

  /**
   * @param move begins after the first logits, so that these do not wait for it; null: none
   */
  ForwardPass(
      ModelConfig config,
      ModelWeights weights,
      ParallelKernels kernels,
      @Nullable WeightMove move) {
    this.move = move;
    this.config = config;
    this.weights = weights;
    this.kernels = kernels;
    this.rotary = Rotary.of(config);
    groupedQuery = new GroupedQueryLayer(config, kernels);
    routing = new RoutingLayer(kernels);
    sparse = new SparseLayer(kernels);
    neurons = new ExpertNeurons(kernels);
  }

  /** Appends tokens[from, from + n) of one text, up to a batch; see {@link #run}. */
  void append(ModelState s, int[] tokens, int from, int n) {
    Slots slots = Slots.append(s.text(), n);
    run(s.workspace(), tokens, from, slots);
    hold(slots, n - 1, slots.lastLength());
  }

  /**
   * Runs up to a batch of tokens; leaves the residual stream of each in w.x. Texts hold their
   * tokens only when {@link #hold} says so, so a failure leaves them as they were.
   */
  void run(Workspace w, int[] tokens, int from, Slots slots) {
    if (answered && move != null) {
      move.begin();
    }
    begin(w, tokens, from, slots);
    for (int l = 0; l < config.layers(); l++) {
      layer(w, l, slots);
    }
    w.count(slots.count());
  }

  /**
   * Runs n tokens that nobody has written, and their last one's logits, to no end but that all
   * kernels have run; the text stays as it is.
   *
   * @param n at least 1
   * @param enough ends it between two layers
   */
  void rehearse(Workspace w, TextState text, int n, BooleanSupplier enough) {
    Slots slots = Slots.append(text, n);
    begin(w, new int[n], 0, slots);
    for (int l = 0; l < config.layers() && !enough.getAsBoolean(); l++) {
      layer(w, l, slots);
    }
    if (!enough.getAsBoolean()) {
      project(w, new int[] {n - 1}, 0, 1, w.logits);
    }
  }

  private void begin(Workspace w, int[] tokens, int from, Slots slots) {
    int d = config.hiddenSize();
    slots.reserve();
    w.step(slots.step());
    w.reserveScores(slots.mostSeen());
    for (int t = 0; t < slots.count(); t++) {
      weights.embedding().row(tokens[from + t], w.x, t * d);
      rotary.angles(slots.positions()[t], w.cos, w.sin, t * rotary.pairs());
    }
  }

  private void layer(Workspace w, int l, Slots slots) {
    int n = slots.count();
    int values = n * config.hiddenSize();
    ModelWeights.Layer layer = weights.layers().get(l);
    norm(w, layer.attentionNorm(), n);
    switch (layer.attention()) {
      case Attention.GroupedQuery grouped -> groupedQuery.run(w, grouped, l, slots);
    }
    LayerObserver observer = w.observer;
    if (observer != null) {
      observer.attended(l, n, w.normed.values(), w.attended.values());
    }
    kernels.kernels().add(w.x, w.out, 0, values);
    norm(w, layer.ffnNorm(), n);
    feedForward(w, layer.ffn(), l, slots.slots());
    if (observer != null) {
      observer.computed(l, n, w.normed.values(), w.out);
    }
    kernels.kernels().add(w.x, w.out, 0, values);
  }

  /**
   * The next token of each of up to a batch of texts, which then hold it; each has the bits that it
   * has in a pass of its own. Leaves the residual stream of each in w.x.
   *
   * @param tokens by text
   */
  void step(Workspace w, List<TextState> texts, int[] tokens) {
    Slots slots = Slots.step(texts);
    run(w, tokens, 0, slots);
    for (int t = 0; t < slots.count(); t++) {
      hold(slots, t, slots.positions()[t] + 1);
    }
  }

  /** After a run: the text of a token of it now is the first {@code kept} tokens it saw. */
  void hold(Slots slots, int token, int kept) {
    slots.texts()[token].hold(slots.spans()[token], kept, config.kvHeads());
  }

  /** The logits of the tokens rows[from, to) of the last run, to {@code out}: vocab_size each. */
  void logits(Workspace w, int[] rows, int from, int to, float[] out) {
    project(w, rows, from, to, out);
    answered = true;
  }

  private void project(Workspace w, int[] rows, int from, int to, float[] out) {
    int d = config.hiddenSize();
    float[] normed = w.normed.values();
    for (int i = from; i < to; i++) {
      int at = (i - from) * d;
      kernels.kernels().rmsNorm(w.x, rows[i] * d, weights.norm(), config.rmsNormEps(), normed, at);
    }
    w.normed.changed(to - from);
    kernels.multiply(w.normed, weights.output(), out);
  }

  private void norm(Workspace w, float[] weight, int n) {
    int d = config.hiddenSize();
    if (n == 1) {
      kernels.kernels().rmsNorm(w.x, 0, weight, config.rmsNormEps(), w.normed.values(), 0);
    } else {
      kernels.forEach(
          n,
          (t, part) ->
              kernels
                  .kernels()
                  .rmsNorm(w.x, t * d, weight, config.rmsNormEps(), w.normed.values(), t * d));
    }
    w.normed.changed(n);
  }

  /** The feed-forward part of a layer on up to a batch of given inputs; leaves w.out. */
  void feedForward(Workspace w, int l, float[] inputs, int at, int n) {
    w.step(false);
    System.arraycopy(inputs, at, w.normed.values(), 0, n * config.hiddenSize());
    w.normed.changed(n);
    feedForward(w, weights.layers().get(l).ffn(), l, IntStream.range(0, n).toArray());
  }

  private void feedForward(Workspace w, FeedForward ffn, int l, int[] slots) {
    switch (ffn) {
      case FeedForward.Dense dense -> {
        kernels.gated(w.normed, dense.gate(), dense.up(), w.gate, w.up);
        kernels.multiply(w.gate, dense.down(), w.out);
      }
      case FeedForward.TokenMasks masks -> {
        w.tokenMasks().run(kernels, masks.ffn(), w.normed, w.out, l);
        LayerObserver observer = w.observer;
        if (observer != null) {
          tell(observer, w, masks.ffn(), l, slots);
        }
      }
      case FeedForward.Masked masked -> {
        routing.route(w, masked.router(), l, slots);
        sparse.masked(w, masked, l);
      }
      case FeedForward.Blocks blocks -> {
        routing.route(w, blocks.router(), l, slots);
        sparse.blocks(w, blocks, l);
      }
      case FeedForward.Experts experts -> {
        routing.route(w, experts.router(), l, slots);
        neurons.run(w, experts, l);
      }
    }
  }

  /** Tells what each token of a layer with token masks keeps. */
  private void tell(LayerObserver observer, Workspace w, ThresholdFfn ffn, int l, int[] slots) {
    for (int t = 0; t < slots.length; t++) {
      TokenKept kept = w.tokenMasks().kept(kernels, ffn, t);
      observer.kept(l, slots[t], kept.inputs(), kept.neurons());
    }
  }
}
