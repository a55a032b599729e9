package org.mixtureofmasks.bench;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The reading loop of {@link Stream} on vectors. */
final class VectorStream {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int BYTES = I.vectorByteSize();

  private VectorStream() {}

  /** Adds up the bytes in [from, to), a multiple of four vectors. */
  static long sum(MemorySegment m, long from, long to) {
    IntVector a = IntVector.zero(I);
    IntVector b = a;
    IntVector c = a;
    IntVector d = a;
    for (long i = from; i < to; i += 4L * BYTES) {
      a = a.add(IntVector.fromMemorySegment(I, m, i, ByteOrder.LITTLE_ENDIAN));
      b = b.add(IntVector.fromMemorySegment(I, m, i + BYTES, ByteOrder.LITTLE_ENDIAN));
      c = c.add(IntVector.fromMemorySegment(I, m, i + 2L * BYTES, ByteOrder.LITTLE_ENDIAN));
      d = d.add(IntVector.fromMemorySegment(I, m, i + 3L * BYTES, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }
}
