package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Bytes of quantised blocks in the lanes of vectors as wide as those of floats. */
final class ByteLanes {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** Lanes, and so bytes that are read at once. */
  static final int L = I.length();

  /** As many bytes as there are lanes; there are no vectors of four. */
  private static final VectorSpecies<Byte> B =
      L == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

  private static final IntVector LANES = IntVector.zero(I).addIndex(1);
  private static final IntVector PLACES = IntVector.zero(I).addIndex(8);

  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private ByteLanes() {}

  /** L bytes as they are signed. */
  static IntVector signed(MemorySegment data, long at) {
    if (L == 4) {
      return four(data, at).lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
    }
    ByteVector bytes = ByteVector.fromMemorySegment(B, data, at, ByteOrder.LITTLE_ENDIAN);
    return (IntVector) bytes.convertShape(VectorOperators.B2I, I, 0);
  }

  /** L bytes in [0, 256). */
  static IntVector unsigned(MemorySegment data, long at) {
    if (L == 4) {
      return four(data, at).and(255);
    }
    ByteVector bytes = ByteVector.fromMemorySegment(B, data, at, ByteOrder.LITTLE_ENDIAN);
    return (IntVector) bytes.convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
  }

  /** Byte i in the low bits of lane i, whatever above them. */
  private static IntVector four(MemorySegment data, long at) {
    return IntVector.broadcast(I, data.get(INT, at)).lanewise(VectorOperators.LSHR, PLACES);
  }

  /** Whole numbers as floats. */
  static FloatVector floats(IntVector numbers) {
    return (FloatVector) numbers.convert(VectorOperators.I2F, 0);
  }

  /** d q + m for whole numbers q. */
  static FloatVector scaled(IntVector q, float d, float m) {
    return floats(q).fma(FloatVector.broadcast(F, d), FloatVector.broadcast(F, m));
  }

  /** Bit i of {@code bits} as the fifth bit of lane i, for at most 16 lanes. */
  static IntVector fifths(int bits) {
    return IntVector.broadcast(I, (bits & 0xffff) << 4)
        .lanewise(VectorOperators.LSHR, LANES)
        .and(16);
  }

  /** A half-precision float. */
  static float half(MemorySegment data, long at) {
    return Float.float16ToFloat(data.get(SHORT, at));
  }
}
