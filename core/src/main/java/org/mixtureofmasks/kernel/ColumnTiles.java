package org.mixtureofmasks.kernel;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Products of many tokens with columns of matrices that lie by input. Parts change places in {@link
 * Kernels#matmulOfTile}: some columns of the weights are its tile, whose lanes are outputs, and the
 * tokens' rows are its weights. A token's bits do not depend on the others.
 */
final class ColumnTiles {
  /** Rows that kernels of 512 bits compute together. */
  private static final int ROWS = 12;

  /** Tokens whose rows go to one call of a kernel. */
  static final int BLOCK = 4 * ROWS;

  /** Lanes of vectors at most: rows of sums begin at multiples of it, so that none has a tail. */
  private static final int VECTOR = 16;

  private final float[][] tiles; // each thread's, widened columns of a matrix
  private final float[][] sums; // each thread's, output x token

  ColumnTiles(int threads) {
    tiles = new float[threads][0];
    sums = new float[threads][0];
  }

  /** A thread's sums of so many outputs, {@link #stride} apart. */
  float[] sums(int part, int outputs, int tokens) {
    return Room.of(sums, part, outputs * stride(tokens));
  }

  /** Room for rows of columns, by block of tokens. */
  static float[][] blocks(float[][] arrays, int tokens, int columns) {
    int count = Math.ceilDiv(tokens, BLOCK);
    return arrays.length < count || arrays[0].length < BLOCK * columns
        ? new float[count][BLOCK * columns]
        : arrays;
  }

  /**
   * From the sums of an output to those of the next: an odd number of cache lines, for which the
   * nearest cache has more places than for rows that are a power of two apart.
   */
  static int stride(int tokens) {
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
  static int mask(float[] values, int from, int to, float threshold) {
    int kept = 0;
    for (int i = from; i < to; i++) {
      boolean out = Math.abs(values[i]) <= threshold; // what is no number is kept, to show as that
      values[i] = out ? 0 : values[i];
      kept += out ? 0 : 1;
    }
    return kept;
  }

  /**
   * Which of the values from {@code at} on {@link #mask} has left, ascending. What is left is above
   * the threshold: not 0 but where that is below every absolute value.
   */
  static int[] kept(float[] masked, int at, int count, float threshold) {
    return IntStream.range(0, count).filter(i -> threshold < 0 || masked[at + i] != 0).toArray();
  }

  /** sum[at + place of c * stride + t] = Σ_i w[i, first + c] rows[t, i] for c below width. */
  void product(
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
    float[] tile = Room.of(tiles, part, n * lanes);
    kernels.widenColumns(w, 0, n, first, first + width, tile, lanes);
    for (int b = 0; b * BLOCK < tokens; b++) {
      int some = Math.min(BLOCK, tokens - b * BLOCK);
      kernels.matmulOfTile(rows[b], whole(some), n, tile, 0, width, sum, stride, at + b * BLOCK);
    }
  }

  static void scale(
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

  /** sum[place of c * stride + t] to row t of a block of tokens, from {@code first} on. */
  static void turnToBlocks(
      float[] sum,
      int stride,
      int tokens,
      int width,
      Order order,
      float[][] out,
      int first,
      int columns) {
    for (int b = 0; b * BLOCK < tokens; b++) {
      int some = Math.min(BLOCK, tokens - b * BLOCK);
      turn(sum, b * BLOCK, stride, some, width, order, out[b], first, columns);
    }
  }

  /** sum[place of c * stride + at + t] to out[t * columns + first + c]. */
  static void turn(
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
