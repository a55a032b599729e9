package org.mixtureofmasks.kernel;

import org.jspecify.annotations.Nullable;

/**
 * One caller's memory for FFNs with token masks. Threads share out the neurons: each computes its
 * own from all inputs that a token keeps, which takes its part of every listed row, and then, with
 * nobody to wait for, what those of them that the token keeps add to all outputs. The threads'
 * outputs are summed at the end. (Shared out by output, with a second hand-over and no sum, the
 * rows of a small hidden_size fall apart into pieces of few cache lines.)
 *
 * <p>A few tokens, those of a step among them, are computed by lists; what a listed row gives is
 * added in the order of the list, so a token's bits do not depend on the others. Many tokens of a
 * prompt are computed by {@link TokenMaskedTiles}.
 */
public final class TokenMaskedPass {
  /** Columns of a thread's part come in multiples of so many: a cache line of bf16. */
  private static final int PART = 32;

  /** With fewer tokens they cost less by lists: as quick at 12 to 16, measured at 135M. */
  private static final int LEAST_TOKENS_OF_TILES = 20;

  private final float[][] sums; // each thread's, a part's columns for each token, ordered
  private final float[][] outputs; // each thread's, of each token, ordered
  private final float[][] plain; // each thread's, the gates of a part, then its ups
  private final Selection inputs = new Selection();
  private final Selection neurons = new Selection();
  private final TokenMaskedTiles tiles;
  private boolean tiled; // how the last tokens were computed

  /** For the threads of the team that will be used. */
  public TokenMaskedPass(int threads) {
    sums = new float[threads][0];
    outputs = new float[threads][0];
    plain = new float[threads][0];
    tiles = new TokenMaskedTiles(threads);
  }

  /**
   * All tokens of x.
   *
   * @param y x.tokens() x hidden_size, overwritten
   * @param kept inputs and neurons that the tokens keep are added to its two elements
   */
  public void run(
      ParallelKernels kernels, TokenMaskedFfn ffn, Activations x, float[] y, double[] kept) {
    tiled = !x.step() && x.tokens() >= LEAST_TOKENS_OF_TILES;
    if (tiled) {
      tiles.run(kernels, ffn, x.values(), x.tokens(), y, kept);
      return;
    }
    int tokens = x.tokens();
    inputs.reserve(tokens, ffn.inputs(), 1);
    neurons.reserve(tokens, ffn.neurons(), kernels.threads());
    int d = ffn.inputs();
    kernels.forEach(
        tokens, (t, _) -> inputs.select(t, 0, x.values(), t * d, d, ffn.inputThreshold(), 0));
    kernels
        .team()
        .run(
            (part, parts) -> {
              neurons(kernels.kernels(), ffn, tokens, part, parts);
              outputs(kernels.kernels(), ffn, tokens, part, parts);
            });
    kernels.forEach(tokens, (t, _) -> addUp(ffn, t, y));
    for (int t = 0; t < tokens; t++) {
      kept[0] += inputs.kept(t, 1);
      kept[1] += neurons.kept(t, kernels.threads());
    }
  }

  /**
   * What a token of the last run kept.
   *
   * @param kernels those of the run
   * @param ffn that of the run
   * @param t token, from 0
   * @return a copy
   */
  public TokenKept kept(ParallelKernels kernels, TokenMaskedFfn ffn, int t) {
    return tiled
        ? tiles.kept(ffn, t)
        : new TokenKept(inputs.kept(t, 1), neurons.all(t, ffn.neurons(), kernels.threads(), PART));
  }

  /** A thread's neurons of every token: their values, and the list of those that are kept. */
  private void neurons(Kernels kernels, TokenMaskedFfn ffn, int tokens, int part, int parts) {
    int m = ffn.neurons();
    int from = ThreadTeam.start(m, part, parts, PART);
    int n = ThreadTeam.start(m, part + 1, parts, PART) - from;
    float[] sum = Room.cleared(sums, part, tokens * 2 * n);
    float[][] values = inputs.values;
    ListedRows.gatesAndUps(kernels, ffn.byInput(), inputs, values, values, tokens, from, n, sum);
    Order order = ffn.byInput().format().order();
    for (int t = 0; t < tokens; t++) {
      float[] own = Room.cleared(plain, part, 2 * n);
      order.addTo(own, 0, sum, t * 2 * n, n);
      order.addTo(own, n, sum, t * 2 * n + n, n);
      scale(own, 0, ffn.gateUpScales(), from, n);
      scale(own, n, ffn.gateUpScales(), m + from, n);
      kernels.siluTimes(own, 0, own, n, n);
      neurons.select(t, part, own, 0, n, ffn.neuronThreshold(), from);
    }
  }

  /** What a thread's neurons add to the outputs of every token. */
  private void outputs(Kernels kernels, TokenMaskedFfn ffn, int tokens, int part, int parts) {
    int d = ffn.inputs();
    int first = ThreadTeam.start(ffn.neurons(), part, parts, PART);
    int end = ThreadTeam.start(ffn.neurons(), part + 1, parts, PART);
    float[] sum = Room.cleared(outputs, part, tokens * d);
    ListedRows rows = new ListedRows(ffn.byNeuron(), sum, d, 0, 0, d);
    for (int j = first, next; j < end; j = next) {
      next = Math.min(end, j + rows.block(tokens));
      for (int t = 0; t < tokens; t++) {
        int listed = first + neurons.counts[t][part];
        rows.add(kernels, t, neurons.lists[t], neurons.values[t], first, listed, j, next);
      }
    }
  }

  /** A token's outputs: what the threads have, one after the other. */
  private void addUp(TokenMaskedFfn ffn, int t, float[] y) {
    int d = ffn.inputs();
    ffn.byNeuron().format().order().addUp(y, t * d, outputs, t * d, d);
    scale(y, t * d, ffn.outputScales(), 0, d);
  }

  /** Multiplies values by their scales, if there are any. */
  static void scale(float[] values, int at, float @Nullable [] scales, int scalesAt, int n) {
    if (scales != null) {
      for (int i = 0; i < n; i++) {
        values[at + i] *= scales[scalesAt + i];
      }
    }
  }
}
