package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Keys and values as signed bytes with a scale for each key and each value of a head, its largest
 * magnitude over 127: within a 254th of that of each number, rounding of floats apart.
 */
public final class KvInt8 extends KvPacked {
  /** The format. */
  public static final KvFormat FORMAT = new KvInt8();

  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = I.length();
  private static final int MOST = 127;

  private KvInt8() {}

  @Override
  public String name() {
    return "int8";
  }

  @Override
  int per() {
    return 4;
  }

  @Override
  boolean scaled() {
    return true;
  }

  /** NaN and infinities make the scale one of them, and so reach whoever attends. */
  @Override
  float scale(float[] values, int at, int n) {
    float most = 0;
    for (int i = 0; i < n; i++) {
      most = Math.max(most, Math.abs(values[at + i]));
    }
    return most / MOST;
  }

  @Override
  int encode(float value, float scale) {
    // Of a scale that underflowed, 0: what is that small adds nothing.
    return scale == 0 ? 0 : Math.clamp(Math.round(value / scale), -MOST, MOST) & 0xff;
  }

  @Override
  float decode(int bits, int part, float scale) {
    return (byte) (bits >> 8 * part) * scale;
  }

  @Override
  void widenKeys(
      int[] ints, int at, int headDim, float[] scales, int scaleAt, float[] room, int to) {
    for (int lane = 0; lane < BLOCK; lane += L) {
      FloatVector scale = FloatVector.fromArray(F, scales, scaleAt + lane);
      for (int i = 0; i + 4 <= headDim; i += 4) {
        IntVector v = IntVector.fromArray(I, ints, at + i / 4 * BLOCK + lane);
        int first = to + i * BLOCK + lane;
        part(v.lanewise(VectorOperators.LSHL, 24)).mul(scale).intoArray(room, first);
        part(v.lanewise(VectorOperators.LSHL, 16)).mul(scale).intoArray(room, first + BLOCK);
        part(v.lanewise(VectorOperators.LSHL, 8)).mul(scale).intoArray(room, first + 2 * BLOCK);
        part(v).mul(scale).intoArray(room, first + 3 * BLOCK);
      }
    }
    for (int i = headDim / 4 * 4; i < headDim; i++) {
      for (int slot = 0; slot < BLOCK; slot++) {
        int packed = ints[at + i / 4 * BLOCK + slot];
        room[to + i * BLOCK + slot] = decode(packed, i % 4, scales[scaleAt + slot]);
      }
    }
  }

  /** The highest bytes, signed, as floats. */
  private static FloatVector part(IntVector v) {
    return (FloatVector) v.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
  }

  @Override
  void widenValue(int[] ints, int at, int headDim, float scale, float[] room, int to) {
    int rows = rows(headDim);
    int i = 0;
    for (; 3 * rows + i + L <= headDim; i += L) {
      IntVector v = IntVector.fromArray(I, ints, at + i);
      part(v.lanewise(VectorOperators.LSHL, 24)).mul(scale).intoArray(room, to + i);
      part(v.lanewise(VectorOperators.LSHL, 16)).mul(scale).intoArray(room, to + rows + i);
      part(v.lanewise(VectorOperators.LSHL, 8)).mul(scale).intoArray(room, to + 2 * rows + i);
      part(v).mul(scale).intoArray(room, to + 3 * rows + i);
    }
    for (; i < rows; i++) {
      for (int p = 0; p < 4 && p * rows + i < headDim; p++) {
        room[to + p * rows + i] = decode(ints[at + i], p, scale);
      }
    }
  }
}
