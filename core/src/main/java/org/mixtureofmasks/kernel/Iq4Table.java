package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The 16 numbers, denser round 0, that the 4-bit places of IQ4_NL and IQ4_XS stand for. */
final class Iq4Table {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int[] VALUES = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };
  private static final int SIZE = 32;

  /** Below it, floats are taken for 0 (ggml's GROUP_MAX_EPS). */
  private static final float LEAST = 1e-15f;

  /** The table in as many vectors as it takes: one of 16 lanes, two of 8 or four of 4. */
  private static final IntVector T0 = part(0);

  private static final IntVector T1 = part(1);
  private static final IntVector T2 = part(2);
  private static final IntVector T3 = part(3);

  private Iq4Table() {}

  private static IntVector part(int i) {
    return IntVector.fromArray(I, VALUES, i * I.length() % VALUES.length);
  }

  static int value(int place) {
    return VALUES[place];
  }

  /** 32 weights d v(q) of the 16 bytes of two q from {@code bytes} on. */
  static void widen(MemorySegment data, long bytes, float d, float[] out, int at) {
    for (int i = 0; i < SIZE / 2; i += ByteLanes.L) {
      IntVector q = ByteLanes.unsigned(data, bytes + i);
      floats(q.and(15)).mul(d).intoArray(out, at + i);
      floats(q.lanewise(VectorOperators.LSHR, 4)).mul(d).intoArray(out, at + SIZE / 2 + i);
    }
  }

  /** Indices of selectFrom wrap round, so each part is asked for all and kept for its own. */
  private static FloatVector floats(IntVector places) {
    IntVector v = places.selectFrom(T0);
    if (ByteLanes.L <= 8) {
      v = v.blend(places.selectFrom(T1), places.compare(VectorOperators.GE, ByteLanes.L));
    }
    if (ByteLanes.L == 4) {
      v = v.blend(places.selectFrom(T2), places.compare(VectorOperators.GE, 8));
      v = v.blend(places.selectFrom(T3), places.compare(VectorOperators.GE, 12));
    }
    return ByteLanes.floats(v);
  }

  /**
   * The places of 32 floats x, and the scale d that makes Σ x² (x - d v)² least for these places,
   * as ggml's quantize_row_iq4_nl_ref finds them.
   *
   * @param places 32, written
   */
  static float round(float[] values, int from, int[] places) {
    float extreme = Nibbles.extreme(values, from);
    if (Math.abs(extreme) < LEAST) {
      return 0;
    }
    float inverse = 1 / (extreme / VALUES[0]);
    float products = 0;
    float squares = 0;
    for (int i = 0; i < SIZE; i++) {
      float x = values[from + i];
      places[i] = nearest(inverse * x);
      float v = VALUES[places[i]];
      float weight = x * x;
      products += weight * v * x;
      squares += weight * v * v;
    }
    return products / squares;
  }

  private static int nearest(float x) {
    if (x <= VALUES[0]) {
      return 0;
    }
    int above = 1;
    while (above < VALUES.length - 1 && x >= VALUES[above]) {
      above++;
    }
    return x - VALUES[above - 1] < VALUES[above] - x ? above - 1 : above;
  }
}
