package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * Many tokens of a FFN with token masks, by dense products over inputs and neurons that are 0 where
 * a token leaves them out. A token's bits do not depend on the others.
 */
final class TokenMaskedTiles {
  private final ColumnTiles tiles;
  private final long[] counts; // each thread's
  private float[][] inputs = {}; // by block of tokens: the kept inputs of each token, else 0
  private float[][] neurons = {}; // likewise

  TokenMaskedTiles(int threads) {
    tiles = new ColumnTiles(threads);
    counts = new long[threads];
  }

  /**
   * All tokens.
   *
   * @param x tokens x hidden_size
   * @param y tokens x hidden_size, overwritten
   * @param kept inputs and neurons that the tokens keep are added to its two elements
   */
  void run(
      ParallelKernels kernels,
      TokenMaskedFfn ffn,
      float[] x,
      int tokens,
      float[] y,
      double[] kept) {
    int d = ffn.inputs();
    inputs = ColumnTiles.blocks(inputs, tokens, d);
    neurons = ColumnTiles.blocks(neurons, tokens, ffn.neurons());
    kernels
        .team()
        .run(
            (part, parts) -> {
              counts[part] = 0;
              for (int b = part; b * ColumnTiles.BLOCK < tokens; b += parts) {
                int floats = Math.min(ColumnTiles.BLOCK, tokens - b * ColumnTiles.BLOCK) * d;
                System.arraycopy(x, b * ColumnTiles.BLOCK * d, inputs[b], 0, floats);
                counts[part] += ColumnTiles.mask(inputs[b], 0, floats, ffn.inputThreshold());
              }
            });
    kept[0] += Arrays.stream(counts).sum();
    kernels
        .team()
        .run(
            (part, parts) -> {
              counts[part] = 0;
              int tile = kernels.kernels().tileTokens();
              int to = ThreadTeam.start(ffn.neurons(), part + 1, parts, tile);
              for (int j = ThreadTeam.start(ffn.neurons(), part, parts, tile); j < to; j += tile) {
                int width = Math.min(tile, to - j);
                counts[part] += neurons(kernels.kernels(), ffn, tokens, j, width, part);
              }
            });
    kept[1] += Arrays.stream(counts).sum();
    kernels
        .team()
        .run(
            (part, parts) -> {
              int tile = kernels.kernels().tileTokens();
              int to = ThreadTeam.start(d, part + 1, parts, tile);
              for (int c = ThreadTeam.start(d, part, parts, tile); c < to; c += tile) {
                outputs(kernels.kernels(), ffn, tokens, c, Math.min(tile, to - c), y, part);
              }
            });
  }

  /** What a token of the last run kept: a copy. */
  TokenKept kept(TokenMaskedFfn ffn, int t) {
    int b = t / ColumnTiles.BLOCK;
    int at = t % ColumnTiles.BLOCK;
    int[] read = ColumnTiles.kept(inputs[b], at * ffn.inputs(), ffn.inputs(), ffn.inputThreshold());
    int m = ffn.neurons();
    int[] computed = ColumnTiles.kept(neurons[b], at * m, m, ffn.neuronThreshold());
    return new TokenKept(read.length, computed);
  }

  /** Neurons [first, first + width) of all tokens; how many are kept. */
  private int neurons(
      Kernels kernels, TokenMaskedFfn ffn, int tokens, int first, int width, int part) {
    int m = ffn.neurons();
    int stride = ColumnTiles.stride(tokens);
    float[] sum = tiles.sums(part, 2 * width, tokens);
    tiles.product(kernels, ffn.byInput(), inputs, tokens, first, width, sum, 0, stride, part);
    int ups = width * stride;
    tiles.product(kernels, ffn.byInput(), inputs, tokens, m + first, width, sum, ups, stride, part);
    Order order = ffn.byInput().format().order();
    ColumnTiles.scale(sum, 0, ffn.gateUpScales(), first, width, order, stride);
    ColumnTiles.scale(sum, ups, ffn.gateUpScales(), m + first, width, order, stride);
    kernels.siluTimes(sum, 0, sum, ups, ups);
    int kept = 0;
    for (int i = 0; i < width; i++) {
      kept += ColumnTiles.mask(sum, i * stride, i * stride + tokens, ffn.neuronThreshold());
    }
    ColumnTiles.turnToBlocks(sum, stride, tokens, width, order, neurons, first, m);
    return kept;
  }

  /** Outputs [first, first + width) of all tokens. */
  private void outputs(
      Kernels kernels, TokenMaskedFfn ffn, int tokens, int first, int width, float[] y, int part) {
    int stride = ColumnTiles.stride(tokens);
    float[] sum = tiles.sums(part, width, tokens);
    tiles.product(kernels, ffn.byNeuron(), neurons, tokens, first, width, sum, 0, stride, part);
    Order order = ffn.byNeuron().format().order();
    ColumnTiles.scale(sum, 0, ffn.outputScales(), first, width, order, stride);
    ColumnTiles.turn(sum, 0, stride, tokens, width, order, y, first, ffn.inputs());
  }
}
