package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;

/** Weights of a preview as they are stored. */
class PreviewWeightsTest {
  @Test
  void aNumberIsTheNearestOfFour() {
    float[] values = new float[128];
    for (int c = 0; c < 128; c++) {
      values[c] = -2 + c * 7f / 127;
    }
    Matrix w = new Matrix(Arena.ofAuto().allocate(32), 1, 128, PreviewWeights.FORMAT);
    w.format().put(values, w.data(), 0);
    for (int c = 0; c < 128; c++) {
      float expected = Math.clamp(Math.round(values[c]), 0, 3);
      assertEquals(expected, w.get(0, c), "of " + values[c]);
    }
  }

  @Test
  void rowsThatAreNoWholeBlocksAreRefused() {
    String line =
        assertThrows(UserError.class, () -> PreviewWeights.FORMAT.rowBytes(96)).getMessage();
    assertTrue(line.contains("whole blocks of 64 weights, not 96"), line);
  }
}
