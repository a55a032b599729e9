package org.mixtureofmasks.format;

import java.lang.foreign.ValueLayout;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;

/**
 * Whether a layer's preview is one of its own weights, seen by a few of its neurons: rounded to 16
 * levels a row keeps its direction to a few thousandths, rounded to 4 to a twentieth.
 */
final class PreviewCheck {
  /** Cosine of a row and its copy. */
  private static final double LEAST_CORRELATION = 0.9;

  /**
   * Mean cosine of down columns and their directions in two bits: 0.94 of Gaussian ones, less where
   * a few weights are far larger than the others.
   */
  private static final double LEAST_OF_DIRECTIONS = 0.5;

  /** Neurons of which the two with the largest gate rows are compared: 0 has no direction. */
  private static final int SEEN = Preview.BLOCK / 8;

  private static final int COMPARED = 2;

  private PreviewCheck() {}

  static boolean fits(StoredTokenMasks.ByPreview stored) {
    int m = Math.toIntExact(stored.neurons().shape().getFirst());
    float[][] rows = new float[SEEN][];
    double[] sizes = new double[SEEN];
    for (int k = 0; k < SEEN; k++) {
      rows[k] = row(stored.neurons(), 3L * k * (m / SEEN));
      sizes[k] = product(rows[k], rows[k]);
    }
    for (int n = 0; n < COMPARED; n++) {
      int largest = 0;
      for (int k = 1; k < SEEN; k++) {
        largest = sizes[k] > sizes[largest] ? k : largest;
      }
      float[] column = column(stored, largest * (m / SEEN), m);
      double norms = sizes[largest] * product(column, column);
      if (norms > 0 && product(rows[largest], column) < LEAST_CORRELATION * Math.sqrt(norms)) {
        return false;
      }
      sizes[largest] = 0;
    }
    return directionsFit(stored, m);
  }

  /** Whether directions are those of the down columns beside them, seen by the same neurons. */
  private static boolean directionsFit(StoredTokenMasks.ByPreview stored, int m) {
    int d = stored.centres().length;
    float[] scales = stored.outputScales().map(Elements::toFloats).orElse(null);
    double cosines = 0;
    int seen = 0;
    for (int k = 0; k < SEEN; k++) {
      int j = k * (m / SEEN);
      float[] down = row(stored.neurons(), 3L * j + 2);
      float[] direction = new float[d];
      for (int i = 0; i < d; i++) {
        down[i] *= scales == null ? 1 : scales[i];
        long at = (long) j * d / Preview.IN_BYTE + Preview.byteOf(i);
        byte bits = stored.directions().data().get(ValueLayout.JAVA_BYTE, at);
        direction[i] = Directions.level(bits, i);
      }
      double norms = product(down, down) * product(direction, direction);
      if (norms > 0) {
        cosines += product(down, direction) / Math.sqrt(norms);
        seen++;
      }
    }
    return cosines >= LEAST_OF_DIRECTIONS * seen;
  }

  private static float[] row(StoredTensor neurons, long number) {
    int d = Math.toIntExact(neurons.shape().getLast());
    float[] row = new float[d];
    Elements.copyTo(neurons, number * d, row, 0, d);
    return row;
  }

  /** The preview of a neuron's gate row. */
  private static float[] column(StoredTokenMasks.ByPreview stored, int j, int m) {
    float[] column = new float[stored.scales().length / Preview.HALVES];
    for (int i = 0; i < column.length; i++) {
      byte upper = plane(stored, i, j, m);
      byte lower = plane(stored, column.length + i, j, m);
      column[i] = Preview.level(upper, lower, j) * stored.scales()[i * Preview.HALVES];
    }
    return column;
  }

  private static byte plane(StoredTokenMasks.ByPreview stored, int row, int j, int m) {
    return stored.preview().data().get(ValueLayout.JAVA_BYTE, Preview.place(row, 0, j, m));
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
