package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class F16Test {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Test
  void everyHalfIsWidenedExactlySubnormalOnesToo() {
    MemorySegment data = Arena.ofAuto().allocate(2L * (1 << 16));
    int n = 0;
    for (int bits = 0; bits < 1 << 16; bits++) {
      if (Float.isFinite(Float.float16ToFloat((short) bits))) {
        data.set(SHORT, 2L * n++, (short) bits);
      }
    }
    assertEquals(63_488, n);
    Matrix w = new Matrix(data.asSlice(0, 2L * n), 1, n, F16.FORMAT);
    float[] out = new float[n];
    F16.FORMAT.widen(w, 0, 1, out);
    for (int c = 0; c < n; c++) {
      float exact = F16.FORMAT.get(w.data(), 0, c, n);
      float widened = out[F16.FORMAT.order().place(c, n)];
      assertEquals(Float.floatToRawIntBits(exact), Float.floatToRawIntBits(widened), "half " + c);
    }
    assertTrue(F16.isFinite(w.data()));
  }

  @Test
  void whatIsNoNumberIsFoundWhereverItIs() {
    for (int halves : new int[] {1, 4, 7, 8}) {
      for (int at = 0; at < halves; at++) {
        for (int bits : new int[] {0x7c00, 0xfc00, 0x7e01, 0xffff}) {
          MemorySegment data = Arena.ofAuto().allocate(2L * halves);
          data.fill((byte) 0x3b);
          assertTrue(F16.isFinite(data));
          data.set(SHORT, 2L * at, (short) bits);
          assertFalse(F16.isFinite(data));
        }
      }
    }
  }
}
