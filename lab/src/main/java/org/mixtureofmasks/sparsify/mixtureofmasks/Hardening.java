package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.format.Mask;

/** From log-alpha to binary gates: an exact number of the largest, ties to the lower index. */
final class Hardening {
  private Hardening() {}

  /**
   * Keeps the largest values.
   *
   * @param values any finite numbers
   * @param count how many to keep, at most all
   * @return true where kept; exactly count are
   */
  static boolean[] largest(float[] values, int count) {
    long[] keys = largestFirst(values);
    boolean[] kept = new boolean[values.length];
    for (int i = 0; i < count; i++) {
      kept[(int) keys[i]] = true;
    }
    return kept;
  }

  /** Keys from the largest value to the smallest; the low 32 bits of each are its index. */
  static long[] largestFirst(float[] values) {
    // One sort of longs: the value's order-preserving bits turned round (largest first), then the
    // index, so that ties fall to the lower index.
    long[] keys = new long[values.length];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = (long) ~ordered(values[i]) << 32 | i;
    }
    Arrays.sort(keys);
    return keys;
  }

  /** Bits of a float whose signed order is the floats' order. */
  private static int ordered(float value) {
    int bits = Float.floatToIntBits(value == 0 ? 0f : value);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  /**
   * Gates of every mask by the budget they share.
   *
   * @param logAlpha for each layer experts x gates, row-major
   * @param budget over which gates the count is exact
   * @param gatesOn gates to keep in each mask of a layer, by layer; their sum over the budget's
   *     unit is what a wider budget keeps
   * @param experts masks in each layer
   * @return gates that stay, in the layout of logAlpha
   */
  static boolean[][] choose(float[][] logAlpha, Budget budget, double[] gatesOn, int experts) {
    return switch (budget) {
      case EXPERT -> {
        boolean[][] kept = new boolean[logAlpha.length][];
        for (int l = 0; l < kept.length; l++) {
          kept[l] = eachMask(logAlpha[l], (int) Math.round(gatesOn[l]), experts);
        }
        yield kept;
      }
      case LAYER -> {
        boolean[][] kept = new boolean[logAlpha.length][];
        for (int l = 0; l < kept.length; l++) {
          kept[l] = largest(logAlpha[l], (int) Math.round(gatesOn[l] * experts));
        }
        yield kept;
      }
      case GLOBAL -> wholeModel(logAlpha, gatesOn, experts);
    };
  }

  private static boolean[] eachMask(float[] logAlpha, int gatesOn, int experts) {
    int gates = logAlpha.length / experts;
    boolean[] kept = new boolean[logAlpha.length];
    for (int e = 0; e < experts; e++) {
      float[] row = Arrays.copyOfRange(logAlpha, e * gates, (e + 1) * gates);
      System.arraycopy(largest(row, gatesOn), 0, kept, e * gates, gates);
    }
    return kept;
  }

  private static boolean[][] wholeModel(float[][] logAlpha, double[] gatesOn, int experts) {
    int size = logAlpha[0].length;
    float[] all = new float[Math.multiplyExact(size, logAlpha.length)];
    double count = 0;
    for (int l = 0; l < logAlpha.length; l++) {
      System.arraycopy(logAlpha[l], 0, all, l * size, size);
      count += gatesOn[l] * experts;
    }
    boolean[] kept = largest(all, (int) Math.round(count));
    boolean[][] byLayer = new boolean[logAlpha.length][];
    for (int l = 0; l < byLayer.length; l++) {
      byLayer[l] = Arrays.copyOfRange(kept, l * size, (l + 1) * size);
    }
    return byLayer;
  }

  /**
   * Gates of one layer as masks.
   *
   * @param gates experts x gates of a mask, row-major
   * @param block elements that a gate switches
   */
  static List<Mask> masks(boolean[] gates, int experts, int block) {
    int perMask = gates.length / experts;
    return IntStream.range(0, experts)
        .mapToObj(e -> Mask.of(perMask * block, j -> gates[e * perMask + j / block]))
        .toList();
  }
}
