package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;

class RoundingTest {
  /** One rounding of the quotient, in units of the scale. */
  private static final double ULP = 1e-5;

  private static float[] row(Random random, int n) {
    float scale = (float) Math.exp(random.nextGaussian() * 3 - 4);
    float[] row = TestMatrices.random(random, n);
    for (int i = 0; i < n; i++) {
      row[i] *= scale;
    }
    return row;
  }

  private static float bfloat(float x) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(x) & 0xffff0000);
  }

  @Test
  void aWeightOfInt8IsOffByHalfOfItsRowsScaleAtMost() {
    Random random = new Random(1);
    for (int i = 0; i < 500; i++) {
      float[] row = row(random, 1 + random.nextInt(90));
      byte[] q = new byte[row.length];
      float scale = Rounding.int8(row, q);
      assertEquals(bfloat(scale), scale, "what 16 bits store");
      for (int c = 0; c < row.length; c++) {
        assertEquals(row[c], scale * q[c], (0.5 + ULP) * scale);
      }
      float most = 0;
      for (float w : row) {
        most = Math.max(most, Math.abs(w));
      }
      assertTrue(scale <= most / 127 * 1.01f, "no more than the row needs");
    }
  }

  @Test
  void aWeightOf4BitsIsTheNearestOf16MultiplesOfItsScale() {
    Random random = new Random(2);
    byte[] q = new byte[Q4.BLOCK];
    for (int i = 0; i < 500; i++) {
      float[] block = row(random, Q4.BLOCK);
      float scale = Rounding.q4(block, 0, q);
      assertEquals(bfloat(scale), scale, "what bfloat16 stores");
      assertEquals(Float.float16ToFloat(Float.floatToFloat16(scale)), scale, "what a half stores");
      for (int c = 0; c < Q4.BLOCK; c++) {
        double error = Math.abs(block[c] - (double) scale * q[c]);
        for (int other = -8; other <= 7; other++) {
          double than = Math.abs(block[c] - (double) scale * other);
          assertTrue(error <= than + ULP * Math.abs(scale), "%s %s".formatted(q[c], other));
        }
        if (block[c] / scale >= -8.5 && block[c] / scale <= 7.5) {
          assertTrue(error <= (0.5 + ULP) * Math.abs(scale));
        }
      }
    }
  }

  @Test
  void aBlockOf4BitsIsNoWorseThanWithTheScaleOfItsLargestWeight() {
    Random random = new Random(3);
    byte[] q = new byte[Q4.BLOCK];
    double found = 0;
    double plain = 0;
    for (int i = 0; i < 200; i++) {
      float[] block = TestMatrices.random(random, Q4.BLOCK);
      float scale = Rounding.q4(block, 0, q);
      float largest = 0;
      for (float w : block) {
        largest = Math.abs(w) > Math.abs(largest) ? w : largest;
      }
      for (float w : block) {
        found += squared(w, scale);
        plain += squared(w, largest / -8);
      }
    }
    assertTrue(found < 0.97 * plain, found + " of " + plain);
  }

  private static double squared(float w, float scale) {
    double error = w - (double) scale * Rounding.nearest(w, scale, -8, 7);
    return error * error;
  }

  @Test
  void zerosStayZerosAndTheSmallestWeightsHaveAScale() {
    byte[] q = new byte[Q4.BLOCK];
    float[] block = new float[Q4.BLOCK];
    assertEquals(0, Rounding.q4(block, 0, q));
    assertEquals(0, Rounding.int8(block, q));
    Arrays.fill(block, 1e-9f);
    float scale = Rounding.q4(block, 0, q);
    assertTrue(scale != 0);
    assertEquals(1e-9, scale * q[3], Math.abs(scale) / 2.0);
    Arrays.fill(block, 1e30f);
    assertEquals(-8 * -65280f, Rounding.q4(block, 0, q) * q[3], "cut, but finite");
  }

  @Test
  void whatIsPutIsGotExactly() {
    Random random = new Random(4);
    for (Format format : new Format[] {Int8.FORMAT, Q4.FORMAT}) {
      int n = 96;
      float[] row = row(random, n);
      Matrix w = new Matrix(Arena.ofAuto().allocate(format.rowBytes(n)), 1, n, format);
      format.put(row, w.data(), 0);
      byte[] q = new byte[n];
      for (int b = 0; b < n; b += Q4.BLOCK) {
        float scale = format == Q4.FORMAT ? Rounding.q4(row, b, q) : Rounding.int8(row, q);
        for (int c = b; c < b + Q4.BLOCK; c++) {
          assertEquals(scale * q[c], w.get(0, c));
        }
      }
    }
  }

  @Test
  void rowsOfBrokenBlocksAreRefusedWithWhatHoldsThem() {
    UserError e = assertThrows(UserError.class, () -> Q4.FORMAT.rowBytes(172));
    assertEquals(
        "q4 holds rows of whole blocks of 32 weights, not 172; int8 holds rows of any length",
        e.getMessage());
    assertEquals(176, Int8.FORMAT.rowBytes(172));
  }
}
