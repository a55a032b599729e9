package org.mixtureofmasks.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Many tokens of a FFN with token masks, by dense products over inputs and neurons that are 0 where
 * a token leaves them out. Matrices lie by input, so parts change places in {@link
 * Kernels#matmulOfTile}: some columns of the weights are its tile, whose lanes are outputs, and the
 * tokens' rows are its weights. A token's bits do not depend on the others.
 */
final class TokenMaskedTiles {
  /** Rows that kernels of 512 bits compute together. */
  private static final int ROWS = 12;

  /** Tokens whose rows go to one call of a kernel. */
  private static final int BLOCK = 4 * ROWS;

  /** Lanes of vectors at most: rows of sums begin at multiples of it, so that none has a tail. */
  private static final int VECTOR = 16;

  private final float[][] tiles; // each thread's, widened columns of a matrix
  private final float[][] sums; // each thread's, output x token
  private final long[] counts; // each thread's
  private float[][] inputs = {}; // by block of tokens: the kept inputs of each token, else 0
  private float[][] neurons = {}; // likewise

  TokenMaskedTiles(int threads) {
    tiles = new float[threads][0];
    sums = new float[threads][0];
    counts = new long[threads];
  }

  private static float[] room(float[][] arrays, int number, int n) {
    if (arrays[number].length < n) {
      arrays[number] = new float[n];
    }
    return arrays[number];
  }

  private static float[][] blocks(float[][] arrays, int tokens, int columns) {
    int count = Math.ceilDiv(tokens, BLOCK);
    return arrays.length < count || arrays[0].length < BLOCK * columns
        ? new float[count][BLOCK * columns]
        : arrays;
  }

  /**
   * All tokens.
   *
   * @param x tokens x hidden_size
   * @param y tokens x hidden_size, overwritten
   * @param kept inputs and neurons that the tokens keep are added to its two elements
   */
  void run(
      ParallelKernels kernels, TokenMaskedFfn ffn, float[] x, int tokens, float[] y, long[] kept) {
    int d = ffn.inputs();
    inputs = blocks(inputs, tokens, d);
    neurons = blocks(neurons, tokens, ffn.neurons());
    kernels
        .team()
        .run(
            (part, parts) -> {
              counts[part] = 0;
              for (int b = part; b * BLOCK < tokens; b += parts) {
                int floats = Math.min(BLOCK, tokens - b * BLOCK) * d;
                System.arraycopy(x, b * BLOCK * d, inputs[b], 0, floats);
                counts[part] += mask(inputs[b], 0, floats, ffn.inputThreshold());
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

  /**
   * From the sums of an output to those of the next: an odd number of cache lines, for which the
   * nearest cache has more places than for rows that are a power of two apart.
   */
  private static int stride(int tokens) {
    return (Math.ceilDiv(whole(tokens), VECTOR) | 1) * VECTOR;
  }

  /**
   * Rows that are computed for so many: those of a group that is more than half full are computed
   * together, others two by two.
   */
  private static int whole(int rows) {
    int rest = rows % ROWS;
    return rest < ROWS / 2 ? rows : rows - rest + ROWS;
  }

  /** Sets what is at or below a threshold to 0; how many are left. */
  private static int mask(float[] values, int from, int to, float threshold) {
    int kept = 0;
    for (int i = from; i < to; i++) {
      boolean out = Math.abs(values[i]) <= threshold; // what is no number is kept, to show as that
      values[i] = out ? 0 : values[i];
      kept += out ? 0 : 1;
    }
    return kept;
  }

  /** Neurons [first, first + width) of all tokens; how many are kept. */
  private int neurons(
      Kernels kernels, TokenMaskedFfn ffn, int tokens, int first, int width, int part) {
    int m = ffn.neurons();
    int stride = stride(tokens);
    float[] sum = room(sums, part, 2 * width * stride);
    product(kernels, ffn.byInput(), inputs, tokens, first, width, sum, 0, stride, part);
    int ups = width * stride;
    product(kernels, ffn.byInput(), inputs, tokens, m + first, width, sum, ups, stride, part);
    Order order = ffn.byInput().format().order();
    scale(sum, 0, ffn.gateUpScales(), first, width, order, stride);
    scale(sum, ups, ffn.gateUpScales(), m + first, width, order, stride);
    kernels.siluTimes(sum, 0, sum, ups, ups);
    int kept = 0;
    for (int i = 0; i < width; i++) {
      kept += mask(sum, i * stride, i * stride + tokens, ffn.neuronThreshold());
    }
    for (int b = 0; b * BLOCK < tokens; b++) {
      int some = Math.min(BLOCK, tokens - b * BLOCK);
      turn(sum, b * BLOCK, stride, some, width, order, neurons[b], first, m);
    }
    return kept;
  }

  /** Outputs [first, first + width) of all tokens. */
  private void outputs(
      Kernels kernels, TokenMaskedFfn ffn, int tokens, int first, int width, float[] y, int part) {
    int stride = stride(tokens);
    float[] sum = room(sums, part, width * stride);
    product(kernels, ffn.byNeuron(), neurons, tokens, first, width, sum, 0, stride, part);
    Order order = ffn.byNeuron().format().order();
    scale(sum, 0, ffn.outputScales(), first, width, order, stride);
    turn(sum, 0, stride, tokens, width, order, y, first, ffn.inputs());
  }

  /** sum[at + place of c * stride + t] = Σ_i w[i, first + c] rows[t, i] for c below width. */
  private void product(
      Kernels kernels,
      Matrix w,
      float[][] rows,
      int tokens,
      int first,
      int width,
      float[] sum,
      int at,
      int stride,
      int part) {
    int lanes = kernels.tileTokens();
    int n = w.rows();
    float[] tile = room(tiles, part, n * lanes);
    kernels.widenColumns(w, 0, n, first, first + width, tile, lanes);
    for (int b = 0; b * BLOCK < tokens; b++) {
      int some = Math.min(BLOCK, tokens - b * BLOCK);
      kernels.matmulOfTile(rows[b], whole(some), n, tile, 0, width, sum, stride, at + b * BLOCK);
    }
  }

  private static void scale(
      float[] sum,
      int at,
      float @Nullable [] scales,
      int scalesAt,
      int width,
      Order order,
      int stride) {
    if (scales == null) {
      return;
    }
    for (int p = 0; p < width; p++) {
      float factor = scales[scalesAt + order.column(p, width)];
      for (int t = 0; t < stride; t++) {
        sum[at + p * stride + t] *= factor;
      }
    }
  }

  /** sum[place of c * stride + at + t] to out[t * columns + first + c]. */
  private static void turn(
      float[] sum,
      int at,
      int stride,
      int tokens,
      int width,
      Order order,
      float[] out,
      int first,
      int columns) {
    int[] from = new int[width];
    for (int c = 0; c < width; c++) {
      from[c] = order.place(c, width) * stride + at;
    }
    for (int t = 0; t < tokens; t++) {
      int to = t * columns + first;
      for (int c = 0; c < width; c++) {
        out[to + c] = sum[from[c] + t];
      }
    }
  }
}
