package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The rule by which a preview is rounded. */
class PreviewTest {
  private static final int D = 5;
  private static final int M = 128;

  private static float[] random(long seed) {
    Random random = new Random(seed);
    float[] w = new float[M * D];
    for (int k = 0; k < w.length; k++) {
      w[k] = (float) (random.nextGaussian() + 0.3);
    }
    return w;
  }

  /** The number q of a neuron, read as docs/file-formats.md says it lies. */
  private static int q(Preview preview, int input, int half, int neuron) {
    return 4 * bits(preview, input, half, neuron) + bits(preview, D + input, half, neuron);
  }

  private static int bits(Preview preview, int row, int half, int neuron) {
    int fours = preview.planes()[(row * 2 + half) * M / 4 + neuron / 64 * 16 + neuron % 16];
    return fours >> 2 * (neuron % 64 / 16) & 3;
  }

  private static float[] centres() {
    return new float[] {0.5f, -1, 0, 2, 0.25f};
  }

  @Test
  void aWeightIsItsColumnsStepTimesTheLevelItFallsInto() {
    float[] gate = random(1);
    float[] up = random(2);
    float[] norms = new float[M];
    for (int j = 0; j < M; j++) {
      norms[j] = 0.5f + j / 10f;
    }
    Preview preview = Preview.of(gate, up, norms, centres());
    for (int half = 0; half < 2; half++) {
      for (int i = 0; i < D; i++) {
        float[] column = new float[M];
        for (int j = 0; j < M; j++) {
          column[j] = half == 0 ? gate[j * D + i] : up[j * D + i] * norms[j];
        }
        double mean = IntStream.range(0, M).mapToDouble(j -> column[j]).average().orElseThrow();
        double variance =
            IntStream.range(0, M)
                .mapToDouble(j -> Math.pow(column[j] - mean, 2))
                .average()
                .orElseThrow();
        float step = preview.scales()[2 * i + half];
        assertEquals(0.3352 * Math.sqrt(variance), step, 1e-6);
        for (int j = 0; j < M; j++) {
          int level = Math.clamp((int) Math.floor(column[j] / step), -8, 7) + 8;
          assertEquals(level, q(preview, i, half, j), "input %d, neuron %d".formatted(i, j));
        }
      }
    }
  }

  @Test
  void aConstantColumnHasTheScaleZeroAndTheLevelEight() {
    float[] gate = random(1);
    for (int j = 0; j < M; j++) {
      gate[j * D + 3] = 0.25f;
    }
    Preview preview = Preview.of(gate, random(2), Preview.norms(random(3), M), centres());
    assertEquals(0, preview.scales()[2 * 3]);
    assertTrue(preview.scales()[2 * 3 + 1] > 0);
    for (int j = 0; j < M; j++) {
      assertEquals(8, q(preview, 3, 0, j));
    }
  }

  @Test
  void theBaseIsWhatTheCentresGiveExactly() {
    float[] gate = random(1);
    float[] up = random(2);
    float[] norms = Preview.norms(random(3), M);
    float[] base = Preview.of(gate, up, norms, centres()).base();
    assertEquals(2 * M, base.length);
    for (int j = 0; j < M; j++) {
      double g = 0;
      double u = 0;
      for (int i = 0; i < D; i++) {
        g += (double) gate[j * D + i] * centres()[i];
        u += (double) up[j * D + i] * centres()[i];
      }
      assertEquals(g, base[j], 1e-6);
      assertEquals(u * norms[j], base[M + j], 1e-5);
    }
  }

  /** Of levels that share their upper bits, weighed as a Gaussian has them. */
  @Test
  void noOtherFactorOfTheUpperBitsHasALesserError() {
    double best = error(Preview.COARSE);
    assertTrue(best < error(Preview.COARSE + 0.02f));
    assertTrue(best < error(Preview.COARSE - 0.02f));
  }

  private static double error(double factor) {
    double error = 0;
    for (double w = -5; w < 5; w += 1e-3) { // in standard deviations
      int level = Math.clamp((int) Math.floor(w / 0.3352), -8, 7) + 8;
      double copy = 0.3352 * factor * (level / 4 - 1.5);
      error += Math.exp(-w * w / 2) * (w - copy) * (w - copy);
    }
    return error;
  }

  @Test
  void aNormIsOfAColumnOfTheDownProjection() {
    float[] down = new float[3 * 32];
    down[5] = 3;
    down[2 * 32 + 5] = -4;
    down[32] = 2;
    float[] expected = new float[32];
    expected[5] = 5;
    expected[0] = 2;
    assertArrayEquals(expected, Preview.norms(down, 32));
  }

  @Test
  void neuronsAreWholeBlocks() {
    float[] w = new float[96];
    assertThrows(
        IllegalArgumentException.class, () -> Preview.of(w, w, new float[96], new float[1]));
  }

  @Test
  void aChoiceSaysWhichWeightsATokenUses() {
    ShippedThresholds.Layer layer = new ShippedThresholds.Layer(1, 2, 0.5, 0.25);
    ShippedThresholds inputs = new ShippedThresholds(List.of(layer));
    assertEquals((2 * 0.5 + 0.25) / 3, inputs.activeShare(), 1e-12);
    ShippedThresholds preview =
        new ShippedThresholds(ShippedThresholds.Choice.PREVIEW, List.of(layer));
    assertEquals(0.25, preview.activeShare(), 1e-12);
  }
}
