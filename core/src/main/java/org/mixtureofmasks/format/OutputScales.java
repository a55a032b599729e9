package org.mixtureofmasks.format;

import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;

/**
 * Scales for the outputs of a sparse layer whose neuron records are rounded with one scale a row. A
 * down column of a record has one weight for each output, and in some models a few outputs have far
 * larger weights than all others: rounded beside them the others keep few steps (4 % of perplexity
 * on SmolLM2-135M). So down columns are divided by these before they are rounded, and the layer's
 * outputs multiplied by them. They are powers of two: dividing by them rounds nothing.
 */
public final class OutputScales {
  private OutputScales() {}

  /**
   * For each output the power of two nearest to the largest of its weights.
   *
   * @param neurons stored x 3 x d: gate row, up row and down column of each stored neuron
   * @return d scales; 1 for outputs without a finite weight other than 0
   */
  public static float[] of(StoredTensor neurons) {
    int d = Math.toIntExact(neurons.shape().getLast());
    long stored = neurons.shape().getFirst();
    float[] largest = new float[d];
    float[] down = new float[d];
    for (long j = 0; j < stored; j++) {
      Elements.copyTo(neurons, (3 * j + 2) * d, down, 0, d);
      for (int i = 0; i < d; i++) {
        largest[i] = Math.max(largest[i], Math.abs(down[i]));
      }
    }
    float[] scales = new float[d];
    for (int i = 0; i < d; i++) {
      scales[i] = nearestPower(largest[i]);
    }
    return scales;
  }

  /**
   * For each output of a matrix whose every row has one weight for it the largest of its weights:
   * so divided, rows of by_input and by_neuron lose as little as rows of the dense projections,
   * where powers of two lose half as much again (SmolLM2-135M).
   *
   * @param matrix rows x outputs
   * @return a scale for each output; 1 for outputs without a finite weight other than 0
   */
  public static float[] ofColumns(StoredTensor matrix) {
    int outputs = Math.toIntExact(matrix.shape().getLast());
    float[] scales = new float[outputs];
    float[] row = new float[outputs];
    for (long r = 0; r < matrix.shape().getFirst(); r++) {
      Elements.copyTo(matrix, r * outputs, row, 0, outputs);
      for (int i = 0; i < outputs; i++) {
        scales[i] = Math.max(scales[i], Math.abs(row[i]));
      }
    }
    for (int i = 0; i < outputs; i++) {
      scales[i] = isNormal(scales[i]) ? scales[i] : 1;
    }
    return scales;
  }

  private static boolean isNormal(float value) {
    return value >= Float.MIN_NORMAL && value <= Float.MAX_VALUE;
  }

  private static float nearestPower(float value) {
    if (!isNormal(value)) {
      return 1;
    }
    return Math.scalb(1f, (int) Math.rint(Math.log(value) / Math.log(2)));
  }

  /**
   * Divides a record's row, if it is a down column.
   *
   * @param scales one for each output
   * @param r the row's number among all records' rows
   * @param row as many weights, changed
   */
  public static void divide(float[] scales, int r, float[] row) {
    if (r % 3 == 2) {
      divide(scales, row);
    }
  }

  /**
   * Divides a row that has one weight for each output.
   *
   * @param scales one for each output
   * @param row as many weights, changed
   */
  public static void divide(float[] scales, float[] row) {
    for (int i = 0; i < row.length; i++) {
      row[i] /= scales[i];
    }
  }
}
