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
  private static final int M = 64;

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
    int pair = preview.nibbles()[input * M + half * M / 2 + neuron / 32 * 16 + neuron % 16];
    return (neuron % 32 < 16 ? pair : pair >> 4) & 15;
  }

  @Test
  void aWeightIsItsColumnsStepTimesTheLevelItFallsInto() {
    float[] gate = random(1);
    float[] up = random(2);
    float[] norms = new float[M];
    for (int j = 0; j < M; j++) {
      norms[j] = 0.5f + j / 10f;
    }
    Preview preview = Preview.of(gate, up, norms);
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
    Preview preview = Preview.of(gate, random(2), Preview.norms(random(3), M));
    assertEquals(0, preview.scales()[2 * 3]);
    assertTrue(preview.scales()[2 * 3 + 1] > 0);
    for (int j = 0; j < M; j++) {
      assertEquals(8, q(preview, 3, 0, j));
    }
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
    float[] w = new float[48];
    assertThrows(IllegalArgumentException.class, () -> Preview.of(w, w, new float[48]));
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
