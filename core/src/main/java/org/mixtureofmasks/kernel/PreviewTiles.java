package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * What many tokens choose by a preview, of dense products over inputs that are 0 where a token
 * leaves them out. A token's bits do not depend on the others.
 */
final class PreviewTiles {
  private final ColumnTiles tiles;
  private final long[] counts; // each thread's
  private float[][] gates = {}; // by block of tokens: the kept inputs by gates' scales, else 0
  private float[][] ups = {}; // by ups' scales
  private float[] gateCentres = {}; // by token: what is taken off its gates
  private float[] upCentres = {}; // and off its ups
  private float[][] values = {}; // by block of tokens: what the preview says of the neurons

  PreviewTiles(int threads) {
    tiles = new ColumnTiles(threads);
    counts = new long[threads];
  }

  /**
   * Lists the neurons of all tokens.
   *
   * @param x tokens x hidden_size
   * @param chosen with room for all; written as one thread's
   * @return inputs that the tokens keep
   */
  long run(ParallelKernels kernels, PreviewFfn ffn, float[] x, int tokens, Selection chosen) {
    int d = ffn.inputs();
    int m = ffn.neurons();
    gates = ColumnTiles.blocks(gates, tokens, d);
    ups = ColumnTiles.blocks(ups, tokens, d);
    values = ColumnTiles.blocks(values, tokens, m);
    if (gateCentres.length < tokens) {
      gateCentres = new float[tokens];
      upCentres = new float[tokens];
    }
    Arrays.fill(counts, 0);
    kernels.forEach(tokens, (t, part) -> counts[part] += inputs(ffn, x, t));
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
    return Arrays.stream(counts).sum();
  }

  /** A token's inputs by the scales of their rows; how many it keeps. */
  private int inputs(PreviewFfn ffn, float[] x, int t) {
    int d = ffn.inputs();
    int b = t / ColumnTiles.BLOCK;
    int at = t % ColumnTiles.BLOCK * d;
    System.arraycopy(x, t * d, gates[b], at, d);
    int kept = ColumnTiles.mask(gates[b], at, at + d, ffn.inputThreshold());
    float sumOfGates = 0;
    float sumOfUps = 0;
    for (int i = 0; i < d; i++) {
      ups[b][at + i] = gates[b][at + i] * ffn.scales()[2 * i + 1];
      gates[b][at + i] *= ffn.scales()[2 * i];
      sumOfGates += gates[b][at + i];
      sumOfUps += ups[b][at + i];
    }
    gateCentres[t] = PreviewWeights.CENTRE * sumOfGates;
    upCentres[t] = PreviewWeights.CENTRE * sumOfUps;
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
        sum[i * stride + t] -= gateCentres[t];
        sum[up + i * stride + t] -= upCentres[t];
      }
    }
    kernels.siluTimes(sum, 0, sum, up, up);
    Order order = ffn.preview().format().order();
    ColumnTiles.turnToBlocks(sum, stride, tokens, width, order, values, first, m);
  }
}
