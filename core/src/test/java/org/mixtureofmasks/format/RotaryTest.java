package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RotaryTest {
  @Test
  void frequenciesFallGeometricallyFromOne() {
    double[] f = Rotary.frequencies(10_000, new ModelConfig.Scaling.None(), 8);
    assertEquals(4, f.length);
    for (int i = 0; i < 4; i++) {
      assertEquals(Math.pow(10, -i), f[i], 1e-15);
    }
  }

  @Test
  void linearScalingDividesAll() {
    double[] f = Rotary.frequencies(10_000, new ModelConfig.Scaling.Linear(4), 8);
    assertEquals(0.25, f[0], 1e-15);
    assertEquals(0.00025, f[3], 1e-15);
  }

  /** Values of transformers' ROPE_INIT_FUNCTIONS["llama3"] for Llama 3.2 1B, head_dim 64. */
  @Test
  void llama3ScalingLeavesShortWavesBlendsMiddleOnesAndStretchesLongOnes() {
    double[] f = Rotary.frequencies(500_000, new ModelConfig.Scaling.Llama3(32, 1, 4, 8192), 64);
    int[] pairs = {0, 8, 14, 15, 16, 17, 18, 31};
    double[] expected = {
      1,
      0.03760603070259094,
      0.0032114461064338684,
      0.0012905480107292533,
      0.000429556705057621,
      9.708286233944818e-05,
      1.9461638657958247e-05,
      9.418306490260875e-08
    };
    for (int i = 0; i < pairs.length; i++) {
      assertEquals(1, f[pairs[i]] / expected[i], 2e-6, "pair " + pairs[i]);
    }
  }

  @Test
  void anglesArePositionTimesFrequency() {
    float[] cos = new float[4];
    float[] sin = new float[4];
    new Rotary(new double[] {1, 0.1}).angles(3, cos, sin, 2);
    assertEquals(Math.cos(3), cos[2], 1e-7);
    assertEquals(Math.sin(3), sin[2], 1e-7);
    assertEquals(Math.cos(0.3), cos[3], 1e-7);
    assertEquals(Math.sin(0.3), sin[3], 1e-7);
  }
}
