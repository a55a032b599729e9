package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * What many tokens choose by a preview, and what the others add, of dense products over its rows,
 * with factors of 0 where a token leaves them out. A token's bits do not depend on the others.
 */
final class PreviewTiles {
  private final ColumnTiles tiles;
  private float[][] gates = {}; // by block of tokens: what each row counts for gates
  private float[][] ups = {}; // for ups
  private float[] offGates = {}; // by token: what is taken off its gates
  private float[] offUps = {}; // and off its ups
  private float[] offOutputs = {}; // and off its outputs, in units and steps
  private float[][] values = {}; // by block of tokens: what the preview says of the neurons

  PreviewTiles(int threads) {
    tiles = new ColumnTiles(threads);
  }

  /**
   * Lists the neurons of all tokens.
   *
   * @param factors of the tokens
   * @param chosen with room for all; written as one thread's
   */
  void run(
      ParallelKernels kernels,
      PreviewFfn ffn,
      PreviewFactors factors,
      int tokens,
      Selection chosen) {
    int d = ffn.inputs();
    int m = ffn.neurons();
    gates = ColumnTiles.blocks(gates, tokens, 2 * d);
    ups = ColumnTiles.blocks(ups, tokens, 2 * d);
    values = ColumnTiles.blocks(values, tokens, m);
    if (offGates.length < tokens) {
      offGates = new float[tokens];
      offUps = new float[tokens];
      offOutputs = new float[tokens];
    }
    kernels.forEach(tokens, (t, _) -> rows(ffn, factors, t));
    kernels
        .team()
        .run(
            (part, parts) -> {
              int tile = kernels.kernels().tileTokens();
              int to = ThreadTeam.start(m, part + 1, parts, tile);
              for (int j = ThreadTeam.start(m, part, parts, tile); j < to; j += tile) {
                neurons(kernels.kernels(), ffn, tokens, j, Math.min(tile, to - j), part);
              }
            });
    kernels.forEach(
        tokens,
        (t, _) -> {
          float[] own = values[t / ColumnTiles.BLOCK];
          int at = t % ColumnTiles.BLOCK * m;
          chosen.select(t, 0, own, at, m, ffn.neuronThreshold(), 0);
        });
  }

  /**
   * Adds what the neurons that {@link #run} did not list are foreseen to add.
   *
   * @param y tokens x hidden_size
   */
  void addOthers(ParallelKernels kernels, PreviewFfn ffn, int tokens, float[] y) {
    int d = ffn.inputs();
    kernels.forEach(tokens, (t, _) -> offOutputs[t] = leaveOthers(ffn, t));
    kernels
        .team()
        .run(
            (part, parts) -> {
              int tile = kernels.kernels().tileTokens();
              int to = ThreadTeam.start(d, part + 1, parts, tile);
              for (int i = ThreadTeam.start(d, part, parts, tile); i < to; i += tile) {
                others(kernels.kernels(), ffn, tokens, i, Math.min(tile, to - i), y, part);
              }
            });
  }

  /** Sets a token's values of neurons that are listed to 0; what is taken off its outputs. */
  private float leaveOthers(PreviewFfn ffn, int t) {
    float[] own = values[t / ColumnTiles.BLOCK];
    int at = t % ColumnTiles.BLOCK * ffn.neurons();
    float sum = 0;
    for (int j = at; j < at + ffn.neurons(); j++) {
      boolean other = Math.abs(own[j]) <= ffn.neuronThreshold();
      own[j] = other ? ffn.inUnits(own[j]) : 0;
      sum += own[j];
    }
    return PreviewWeights.CENTRE * sum;
  }

  /** Outputs [first, first + width) of all tokens. */
  private void others(
      Kernels kernels, PreviewFfn ffn, int tokens, int first, int width, float[] y, int part) {
    int stride = ColumnTiles.stride(tokens);
    float[] sum = tiles.sums(part, width, tokens);
    tiles.product(kernels, ffn.directions(), values, tokens, first, width, sum, 0, stride, part);
    Order order = ffn.directions().format().order();
    for (int i = 0; i < width; i++) {
      int at = order.place(i, width) * stride;
      for (int t = 0; t < tokens; t++) {
        float steps = sum[at + t] - offOutputs[t];
        y[t * ffn.inputs() + first + i] += ffn.scoreUnit() * ffn.directionStep() * steps;
      }
    }
  }

  /** What a token multiplies the rows by. */
  private void rows(PreviewFfn ffn, PreviewFactors factors, int t) {
    int rows = 2 * ffn.inputs();
    int at = t % ColumnTiles.BLOCK * rows;
    PreviewFactors.Token of = factors.of(t);
    for (int half = 0; half < 2; half++) {
      float[] spread = (half == 0 ? gates : ups)[t / ColumnTiles.BLOCK];
      Arrays.fill(spread, at, at + rows, 0);
      for (int k = 0; k < of.count; k++) {
        spread[at + of.list[k]] = of.factor(k, half);
      }
    }
    offGates[t] = of.takenOff[0];
    offUps[t] = of.takenOff[1];
  }

  /** What the preview says of neurons [first, first + width) of all tokens. */
  private void neurons(
      Kernels kernels, PreviewFfn ffn, int tokens, int first, int width, int part) {
    int m = ffn.neurons();
    int stride = ColumnTiles.stride(tokens);
    float[] sum = tiles.sums(part, 2 * width, tokens);
    int up = width * stride;
    tiles.product(kernels, ffn.preview(), gates, tokens, first, width, sum, 0, stride, part);
    tiles.product(kernels, ffn.preview(), ups, tokens, m + first, width, sum, up, stride, part);
    for (int i = 0; i < width; i++) {
      for (int t = 0; t < tokens; t++) {
        sum[i * stride + t] += ffn.base()[first + i] - offGates[t];
        sum[up + i * stride + t] += ffn.base()[m + first + i] - offUps[t];
      }
    }
    kernels.siluTimes(sum, 0, sum, up, up);
    Order order = ffn.preview().format().order();
    ColumnTiles.turnToBlocks(sum, stride, tokens, width, order, values, first, m);
  }
}
