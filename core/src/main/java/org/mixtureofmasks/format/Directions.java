package org.mixtureofmasks.format;

/**
 * The directions of a down projection's columns in two bits a weight, for what the neurons add that
 * a {@link Preview} foresees and nobody computes: its score times the direction. d is hidden_size,
 * m intermediate_size.
 *
 * <p>W_d[:, j] / ‖W_d[:, j]‖ has a mean square of 1 / d, so all columns have one {@link #step}, the
 * best of 4 uniform levels for a Gaussian (Max, 1960): q = clamp(floor(w / s), -2, 1) + 2 stands
 * for (q - 1.5) s.
 */
public final class Directions {
  /** What is added to a level, so that numbers begin at 0. */
  public static final int OFFSET = 2;

  /** Bits of a weight. */
  static final int BITS = 2;

  private static final double STEP = 0.9957;

  private Directions() {}

  /**
   * {@return what neighbouring levels differ by}
   *
   * @param d hidden_size
   */
  public static float step(long d) {
    return (float) (STEP / Math.sqrt((double) d));
  }

  /** What a byte says of an output, in steps. */
  static float level(byte numbers, int output) {
    return (numbers >> Preview.shift(output) & (1 << BITS) - 1) - OFFSET + 0.5f;
  }

  /**
   * Those of a layer.
   *
   * @param down W_d, d x m
   * @param norms ‖W_d[:, j]‖ of the m neurons: {@link Preview#norms}
   * @return m x d/4 bytes, numbers in a row as in {@link Preview#BLOCK}
   * @throws IllegalArgumentException if d is no multiple of {@link Preview#BLOCK}
   */
  static byte[] of(float[] down, float[] norms) {
    int m = norms.length;
    int d = down.length / m;
    if (d % Preview.BLOCK != 0) {
      throw new IllegalArgumentException(
          "%d outputs, no multiple of %d".formatted(d, Preview.BLOCK));
    }
    float step = step(d);
    byte[] planes = new byte[Math.toIntExact((long) m * d / Preview.IN_BYTE)];
    for (int j = 0; j < m; j++) {
      for (int i = 0; i < d; i++) {
        double level = norms[j] == 0 ? 0 : Math.floor((double) down[i * m + j] / norms[j] / step);
        int q = (int) Math.clamp(level, -OFFSET, OFFSET - 1) + OFFSET;
        long place = (long) j * d / Preview.IN_BYTE + Preview.byteOf(i);
        planes[Math.toIntExact(place)] |= (byte) (q << Preview.shift(i));
      }
    }
    return planes;
  }
}
