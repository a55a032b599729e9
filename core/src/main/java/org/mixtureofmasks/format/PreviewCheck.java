package org.mixtureofmasks.format;

import java.lang.foreign.ValueLayout;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;

/**
 * Whether a layer's preview is one of its own weights, seen by two of its neurons: rounded to 16
 * levels a row keeps its direction to a few thousandths.
 */
final class PreviewCheck {
  /** Cosine of a row and its copy. */
  private static final double LEAST_CORRELATION = 0.9;

  /** Neurons of which the two with the largest gate rows are compared: 0 has no direction. */
  private static final int SEEN = Preview.BLOCK / 8;

  private static final int COMPARED = 2;

  private PreviewCheck() {}

  static boolean fits(StoredTokenMasks.ByPreview stored) {
    int m = Math.toIntExact(stored.neurons().shape().getFirst());
    float[][] rows = new float[SEEN][];
    double[] sizes = new double[SEEN];
    for (int k = 0; k < SEEN; k++) {
      rows[k] = gateRow(stored.neurons(), k * (m / SEEN));
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
    return true;
  }

  private static float[] gateRow(StoredTensor neurons, int j) {
    int d = Math.toIntExact(neurons.shape().getLast());
    float[] row = new float[d];
    Elements.copyTo(neurons, 3L * j * d, row, 0, d);
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
