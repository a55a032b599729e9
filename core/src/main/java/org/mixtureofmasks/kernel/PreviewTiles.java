package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * What many tokens choose by a preview, of dense products over its rows, with factors of 0 where a
 * token leaves them out. A token's bits do not depend on the others.
 */
final class PreviewTiles {
  private final ColumnTiles tiles;
  private int[] counts = {}; // by token: rows that it keeps
  private float[][] gates = {}; // by block of tokens: what each row counts for gates
  private float[][] ups = {}; // for ups
  private float[] offGates = {}; // by token: what is taken off its gates
  private float[] offUps = {}; // and off its ups
  private float[][] values = {}; // by block of tokens: what the preview says of the neurons

  PreviewTiles(int threads) {
    tiles = new ColumnTiles(threads);
  }

  /**
   * Lists the neurons of all tokens.
   *
   * @param x tokens x hidden_size
   * @param chosen with room for all; written as one thread's
   * @return rows that the tokens keep
   */
  long run(ParallelKernels kernels, PreviewFfn ffn, float[] x, int tokens, Selection chosen) {
    int d = ffn.inputs();
    int m = ffn.neurons();
    gates = ColumnTiles.blocks(gates, tokens, 2 * d);
    ups = ColumnTiles.blocks(ups, tokens, 2 * d);
    values = ColumnTiles.blocks(values, tokens, m);
    if (offGates.length < tokens) {
      offGates = new float[tokens];
      offUps = new float[tokens];
      counts = new int[tokens];
    }
    kernels.forEach(tokens, (t, _) -> counts[t] = rows(ffn, x, t));
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
    return Arrays.stream(counts, 0, tokens).asLongStream().sum();
  }

  /**
   * Adds what the neurons that {@link #run} did not list are foreseen to add.
   *
   * @param y tokens x hidden_size
   */
  void addOthers(ParallelKernels kernels, PreviewFfn ffn, int tokens, float[] y) {
    int d = ffn.inputs();
    int m = ffn.neurons();
    kernels.forEach(tokens, (t, _) -> offUps[t] = leaveOthers(ffn, t));
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
      own[j] = other ? own[j] : 0;
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
        y[t * ffn.inputs() + first + i] += ffn.directionStep() * (sum[at + t] - offUps[t]);
      }
    }
  }

  /** Rows that a token of the last run kept. */
  int rows(int t) {
    return counts[t];
  }

  /** What a token multiplies the rows by; how many it keeps. */
  private int rows(PreviewFfn ffn, float[] x, int t) {
    int d = ffn.inputs();
    int b = t / ColumnTiles.BLOCK;
    int at = t % ColumnTiles.BLOCK * 2 * d;
    float[] gate = gates[b];
    float[] up = ups[b];
    PreviewRows.offCentre(ffn, x, t * d, gate, at);
    int kept = ColumnTiles.mask(gate, at, at + d, ffn.inputThreshold());
    float sumOfGates = 0;
    float sumOfUps = 0;
    for (int i = at; i < at + d; i++) {
      boolean whole = gate[i] != 0 && PreviewRows.isWhole(ffn, gate[i]);
      kept += whole ? 1 : 0;
      float factor = PreviewRows.upper(whole);
      float ofGate = gate[i] * ffn.scales()[2 * (i - at)];
      float ofUp = gate[i] * ffn.scales()[2 * (i - at) + 1];
      gate[i] = ofGate * factor;
      up[i] = ofUp * factor;
      gate[d + i] = whole ? ofGate : 0;
      up[d + i] = whole ? ofUp : 0;
      sumOfGates += ofGate * PreviewRows.both(whole);
      sumOfUps += ofUp * PreviewRows.both(whole);
    }
    offGates[t] = PreviewWeights.CENTRE * sumOfGates;
    offUps[t] = PreviewWeights.CENTRE * sumOfUps;
    return kept;
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
