package org.mixtureofmasks.format;

import java.util.Arrays;

/**
 * A copy of a layer's gate and up projection in four bits a weight, by which a token foresees its
 * largest neurons; d is hidden_size, m intermediate_size. It lies by input, so that a token reads
 * rows of the inputs that are large, and in two planes of two bits, so that of inputs that are less
 * large it reads the upper bits alone. The up half is a copy of W_u[j, i] · ‖W_d[:, j]‖: the size
 * of what a neuron adds to the output.
 *
 * <p>A column of W_g, or of the scaled W_u, is rounded over its m neurons with one scale s = 0.3352
 * standard deviations, the best step of 16 uniform levels for a Gaussian (Max, 1960): q =
 * clamp(floor(w / s), -8, 7) + 8 stands for (q - 7.5) s, and its upper two bits alone, h = q / 4,
 * for {@link #COARSE} (h - 1.5) s. Means and deviations are float64, all else float32.
 *
 * <p>Inputs have means that are large beside how much they differ from token to token. So the copy
 * is read for what an input is beside its {@link #base centre}, and what all centres give lies
 * ready.
 */
public final class Preview {
  /** Neurons whose numbers lie together: the first 16 in the lowest bits of 16 bytes, and so on. */
  public static final int BLOCK = 64;

  /** Planes of two bits: the upper bits of all inputs, then the lower ones. */
  public static final int PLANES = 2;

  /** What the upper bits count alone, in scales: 4 · 0.885, the least error for a Gaussian. */
  public static final float COARSE = 3.54f;

  /** Bits of a weight. */
  static final int BITS = 4;

  /** Gates, then ups. */
  static final int HALVES = 2;

  private static final double STEP = 0.3352;
  private static final int OFFSET = 8;
  private static final float CENTRE = OFFSET - 0.5f;

  private static final int PLANE_BITS = BITS / PLANES;
  private static final int PLANE_MASK = (1 << PLANE_BITS) - 1;

  /** Numbers in a byte of a plane. */
  static final int IN_BYTE = Byte.SIZE / PLANE_BITS;

  private final byte[] planes;
  private final float[] scales;
  private final float[] base;

  private Preview(byte[] planes, float[] scales, float[] base) {
    this.planes = planes;
    this.scales = scales;
    this.base = base;
  }

  /**
   * {@return whether layers of this shape can have one: both sizes are multiples of {@link #BLOCK}}
   *
   * @param config of the model
   */
  public static boolean fits(ModelConfig config) {
    return config.intermediateSize() % BLOCK == 0 && config.hiddenSize() % BLOCK == 0;
  }

  /**
   * The copy of a layer.
   *
   * @param gate W_g, m x d
   * @param up W_u, m x d
   * @param norms ‖W_d[:, j]‖ of the m neurons: {@link #norms}
   * @param centres of the d inputs
   * @return rows of all d inputs; a scale that is no finite number shows weights that are none
   * @throws IllegalArgumentException if m is no multiple of {@link #BLOCK}
   */
  public static Preview of(float[] gate, float[] up, float[] norms, float[] centres) {
    int m = norms.length;
    if (m == 0 || m % BLOCK != 0) {
      throw new IllegalArgumentException("%d neurons, no multiple of %d".formatted(m, BLOCK));
    }
    int d = centres.length;
    float[] base = new float[HALVES * m];
    for (int j = 0; j < m; j++) {
      base[j] = (float) product(gate, j * d, centres);
      base[m + j] = (float) (product(up, j * d, centres) * norms[j]);
    }
    Preview preview = new Preview(new byte[Math.multiplyExact(d, m)], new float[d * HALVES], base);
    float[] ones = new float[m];
    Arrays.fill(ones, 1);
    float[] column = new float[m];
    for (int i = 0; i < d; i++) {
      preview.round(i, 0, column(gate, ones, i, column));
      preview.round(i, 1, column(up, norms, i, column));
    }
    return preview;
  }

  private static double product(float[] w, int at, float[] x) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) w[at + i] * x[i];
    }
    return sum;
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
    int m = column.length;
    int d = scales.length / HALVES;
    for (int j = 0; j < m; j++) {
      int level = scale == 0 ? 0 : (int) Math.clamp(Math.floor(column[j] / scale), -OFFSET, 7.0);
      int q = level + OFFSET;
      int lower = Math.toIntExact(place(d + input, half, j, m));
      planes[Math.toIntExact(place(input, half, j, m))] |= (byte) (q >> PLANE_BITS << shift(j));
      planes[lower] |= (byte) ((q & PLANE_MASK) << shift(j));
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

  /** Which byte holds the number of a neuron: rows are the d inputs' upper bits, then the lower. */
  static long place(int row, int half, int neuron, int m) {
    return (long) row * m / HALVES + byteOf(half * m + neuron);
  }

  /** Which byte of its row holds a number. */
  static int byteOf(int number) {
    int bytes = BLOCK / IN_BYTE;
    return number / BLOCK * bytes + number % bytes;
  }

  /** By how many bits a number is shifted in its byte. */
  static int shift(int neuron) {
    return neuron % BLOCK / (BLOCK / IN_BYTE) * PLANE_BITS;
  }

  /** What two bytes say of a neuron: its weight over its scale. */
  static float level(byte upper, byte lower, int neuron) {
    int high = upper >> shift(neuron) & PLANE_MASK;
    return (high << PLANE_BITS | lower >> shift(neuron) & PLANE_MASK) - CENTRE;
  }

  /**
   * {@return 2d x m/2 bytes: of each input the upper bits of all gates, then of all ups, four a
   * byte; then of each input the lower bits}
   */
  public byte[] planes() {
    return planes.clone();
  }

  /** {@return d x 2 scales: of each input that of the gates, then that of the ups} */
  public float[] scales() {
    return scales.clone();
  }

  /** {@return 2m numbers: what the centres give, exactly: of all gates, then of all scaled ups} */
  public float[] base() {
    return base.clone();
  }
}
