package org.mixtureofmasks.quantise;

import org.mixtureofmasks.kernel.Q4;
import org.mixtureofmasks.kernel.Rounding;

/**
 * GPTQ (Frantar et al., 2023) to 4 bits: columns of a weight matrix, which are elements of its
 * input, are rounded one after the other, and the weights of later columns take over what they can
 * of each error.
 *
 * @param factor U of {@link InverseFactor}
 * @param columns of the matrix
 */
record Gptq(float[] factor, int columns) {
  /** Rows that are rounded together, so that a row of the factor is read once for all of them. */
  static final int ROWS = Q4.BLOCK;

  /**
   * Rounds rows whose blocks lie along the row. A block's scale is chosen when its first column is
   * reached, from the weights as they are then.
   *
   * @param w up to {@link #ROWS} rows, overwritten
   * @param rows how many
   * @param q as many rows, written
   * @param scales rows x blocks of a row, written
   */
  void along(float[] w, int rows, byte[] q, float[] scales) {
    int blocks = columns / Q4.BLOCK;
    for (int j = 0; j < columns; j++) {
      for (int r = 0; r < rows; r++) {
        int scale = r * blocks + j / Q4.BLOCK;
        int at = r * columns + j;
        if (j % Q4.BLOCK == 0) {
          scales[scale] = Rounding.q4Scale(w, at);
        }
        q[at] = round(w, at, j, scales[scale]);
      }
    }
  }

  /**
   * Rounds rows whose blocks lie across them: of each column the weights of all {@link #ROWS} rows
   * share a scale.
   *
   * @param w ROWS rows, overwritten
   * @param q as many rows, written
   * @param scales one for each column, written
   */
  void across(float[] w, byte[] q, float[] scales) {
    float[] block = new float[ROWS];
    for (int j = 0; j < columns; j++) {
      for (int r = 0; r < ROWS; r++) {
        block[r] = w[r * columns + j];
      }
      scales[j] = Rounding.q4Scale(block, 0);
      for (int r = 0; r < ROWS; r++) {
        q[r * columns + j] = round(w, r * columns + j, j, scales[j]);
      }
    }
  }

  /** Rounds w[at], of column j, and moves its error to the columns after it in its row. */
  private byte round(float[] w, int at, int j, float scale) {
    int q = Rounding.nearest(w[at], scale, Rounding.Q4_LEAST, Rounding.Q4_MOST);
    float error = (w[at] - scale * q) / factor[j * columns + j];
    subtract(w, at + 1, factor, j * columns + j + 1, columns - j - 1, error);
    return (byte) q;
  }

  private static void subtract(float[] y, int yAt, float[] x, int xAt, int count, float times) {
    for (int i = 0; i < count; i++) {
      y[yAt + i] -= times * x[xAt + i];
    }
  }
}
