package org.mixtureofmasks.kernel;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Keys and values as brain floats, rounded to nearest even: within 2^-8 of each number, relatively.
 */
public final class KvBf16 extends KvPacked {
  /** The format. */
  public static final KvFormat FORMAT = new KvBf16();

  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int L = I.length();
  private static final int HIGH = 0xffff0000;

  private KvBf16() {}

  @Override
  public String name() {
    return "bf16";
  }

  @Override
  int per() {
    return 2;
  }

  @Override
  boolean scaled() {
    return false;
  }

  @Override
  float scale(float[] values, int at, int n) {
    return 1;
  }

  @Override
  int encode(float value, float scale) {
    return Bf16.narrow(value) & 0xffff;
  }

  @Override
  float decode(int bits, int part, float scale) {
    return Float.intBitsToFloat(part == 0 ? bits << 16 : bits & HIGH);
  }

  @Override
  void widenKeys(
      int[] ints, int at, int headDim, float[] scales, int scaleAt, float[] room, int to) {
    for (int i = 0; i < headDim; i += 2) {
      for (int lane = 0; lane < BLOCK; lane += L) {
        IntVector v = IntVector.fromArray(I, ints, at + i / 2 * BLOCK + lane);
        int low = to + i * BLOCK + lane;
        v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(room, low);
        if (i + 1 < headDim) {
          v.and(HIGH).reinterpretAsFloats().intoArray(room, low + BLOCK);
        }
      }
    }
  }

  @Override
  void widenValue(int[] ints, int at, int headDim, float scale, float[] room, int to) {
    int rows = rows(headDim);
    int i = 0;
    for (; rows + i + L <= headDim; i += L) {
      IntVector v = IntVector.fromArray(I, ints, at + i);
      v.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(room, to + i);
      v.and(HIGH).reinterpretAsFloats().intoArray(room, to + rows + i);
    }
    for (; i < rows; i++) {
      room[to + i] = decode(ints[at + i], 0, scale);
      if (rows + i < headDim) {
        room[to + rows + i] = decode(ints[at + i], 1, scale);
      }
    }
  }
}
