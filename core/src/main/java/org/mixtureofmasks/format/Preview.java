package org.mixtureofmasks.format;

import java.util.Arrays;

/**
 * A copy of a layer's gate and up projection in four bits a weight, by which a token foresees its
 * largest neurons; d is hidden_size, m intermediate_size. It lies by input, so that a token reads
 * rows of the inputs that are large. The up half is a copy of W_u[j, i] · ‖W_d[:, j]‖: the size of
 * what a neuron adds to the output.
 *
 * <p>A column of W_g, or of the scaled W_u, is rounded over its m neurons with one scale s = 0.3352
 * standard deviations, the best step of 16 uniform levels for a Gaussian (Max, 1960): q =
 * clamp(floor(w / s), -8, 7) + 8 stands for (q - 7.5) s. Means and deviations are float64, all else
 * float32.
 */
public final class Preview {
  /** Neurons whose numbers lie together: the first 16 in low nibbles of 16 bytes, then in high. */
  public static final int BLOCK = 32;

  /** Bits of a weight. */
  static final int BITS = 4;

  /** Gates, then ups. */
  static final int HALVES = 2;

  private static final double STEP = 0.3352;
  private static final int OFFSET = 8;
  private static final float CENTRE = OFFSET - 0.5f;

  private final byte[] nibbles;
  private final float[] scales;

  private Preview(byte[] nibbles, float[] scales) {
    this.nibbles = nibbles;
    this.scales = scales;
  }

  /**
   * The copy of a layer.
   *
   * @param gate W_g, m x d
   * @param up W_u, m x d
   * @param norms ‖W_d[:, j]‖ of the m neurons: {@link #norms}
   * @return rows of all d inputs; a scale that is no finite number shows weights that are none
   * @throws IllegalArgumentException if m is no multiple of {@link #BLOCK}
   */
  public static Preview of(float[] gate, float[] up, float[] norms) {
    int m = norms.length;
    if (m == 0 || m % BLOCK != 0) {
      throw new IllegalArgumentException("%d neurons, no multiple of %d".formatted(m, BLOCK));
    }
    int d = gate.length / m;
    Preview preview = new Preview(new byte[Math.multiplyExact(d, m)], new float[d * HALVES]);
    float[] ones = new float[m];
    Arrays.fill(ones, 1);
    float[] column = new float[m];
    for (int i = 0; i < d; i++) {
      preview.round(i, 0, column(gate, ones, i, column));
      preview.round(i, 1, column(up, norms, i, column));
    }
    return preview;
  }

  /**
   * The size of what each neuron adds to the output.
   *
   * @param down W_d, d x m
   * @param m neurons
   * @return ‖W_d[:, j]‖ of each
   */
  public static float[] norms(float[] down, int m) {
    double[] squares = new double[m];
    for (int k = 0; k < down.length; k++) {
      squares[k % m] += (double) down[k] * down[k];
    }
    float[] norms = new float[m];
    for (int j = 0; j < m; j++) {
      norms[j] = (float) Math.sqrt(squares[j]);
    }
    return norms;
  }

  private static float[] column(float[] w, float[] factors, int i, float[] column) {
    int d = w.length / column.length;
    for (int j = 0; j < column.length; j++) {
      column[j] = w[j * d + i] * factors[j];
    }
    return column;
  }

  private void round(int input, int half, float[] column) {
    float scale = scale(column);
    scales[input * HALVES + half] = scale;
    for (int j = 0; j < column.length; j++) {
      int level = scale == 0 ? 0 : (int) Math.clamp(Math.floor(column[j] / scale), -OFFSET, 7.0);
      int at = Math.toIntExact(place(input, half, j, column.length));
      nibbles[at] |= (byte) (level + OFFSET << shift(j));
    }
  }

  private static float scale(float[] column) {
    double sum = 0;
    for (float w : column) {
      sum += w;
    }
    double mean = sum / column.length;
    double squares = 0;
    for (float w : column) {
      squares += (w - mean) * (w - mean);
    }
    return (float) (STEP * Math.sqrt(squares / column.length));
  }

  /** Which byte of the d x m holds the weight of an input and a neuron. */
  static long place(int input, int half, int neuron, int m) {
    int blocks = (half * m + neuron) / BLOCK;
    return (long) input * m + blocks * (BLOCK / 2L) + neuron % (BLOCK / 2);
  }

  /** By how many bits a neuron's number is shifted in its byte. */
  private static int shift(int neuron) {
    return neuron % BLOCK < BLOCK / 2 ? 0 : BITS;
  }

  /** What a byte says of a neuron: its weight over its scale. */
  static float level(byte pair, int neuron) {
    return (pair >> shift(neuron) & 15) - CENTRE;
  }

  /**
   * {@return d x m bytes: of each input the numbers q of all gates, then of all ups, two a byte}
   */
  public byte[] nibbles() {
    return nibbles.clone();
  }

  /** {@return d x 2 scales: of each input that of the gates, then that of the ups} */
  public float[] scales() {
    return scales.clone();
  }
}
