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
      for (int part = 0; part < 4; part++) {
        int first = to + part * BLOCK + lane;
        keysOfPart(
            ints, at + lane, headDim / 4, 24 - 8 * part, scales, scaleAt + lane, room, first);
      }
    }
    for (int i = headDim / 4 * 4; i < headDim; i++) {
      for (int slot = 0; slot < BLOCK; slot++) {
        int packed = ints[at + i / 4 * BLOCK + slot];
        room[to + i * BLOCK + slot] = decode(packed, i % 4, scales[scaleAt + slot]);
      }
    }
  }

  /** One byte of each of some rows of a block's keys, for as many slots as a vector has lanes. */
  private static void keysOfPart(
      int[] ints, int at, int rows, int shift, float[] scales, int scaleAt, float[] room, int to) {
    FloatVector scale = FloatVector.fromArray(F, scales, scaleAt);
    for (int i = 0; i < rows; i++) {
      number(IntVector.fromArray(I, ints, at + i * BLOCK), shift)
          .mul(scale)
          .intoArray(room, to + 4 * i * BLOCK);
    }
  }

  /** One byte of each of a value's ints. */
  private static void valuesOfPart(
      int[] ints, int at, int n, int shift, float scale, float[] room, int to) {
    for (int i = 0; i < n; i += L) {
      number(IntVector.fromArray(I, ints, at + i), shift).mul(scale).intoArray(room, to + i);
    }
  }

  /** The signed bytes that a shift to the left brings to the front, as floats. */
  private static FloatVector number(IntVector packed, int shift) {
    IntVector bytes =
        packed.lanewise(VectorOperators.LSHL, shift).lanewise(VectorOperators.ASHR, 24);
    return (FloatVector) bytes.convert(VectorOperators.I2F, 0);
  }

  @Override
  void widenValue(int[] ints, int at, int headDim, float scale, float[] room, int to) {
    int rows = rows(headDim);
    int whole = (headDim - 3 * rows) / L * L; // of these every part is a column
    for (int p = 0; p < 4; p++) {
      valuesOfPart(ints, at, whole, 24 - 8 * p, scale, room, to + p * rows);
    }
    for (int i = Math.max(0, whole); i < rows; i++) {
      for (int p = 0; p < 4 && p * rows + i < headDim; p++) {
        room[to + p * rows + i] = decode(ints[at + i], p, scale);
      }
    }
  }
}
