package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.sparsify.Shipped;
import org.mixtureofmasks.sparsify.WholePasses;

class LayerSharesTest {
  private static final double[] DENSITIES = {0.4, 0.6};

  @Test
  void theSlopesOfTheRisesAreMadeEqual() {
    // Both rises fall 4-fold in 0.2, k = ln 4 / 0.2, and the first is 4 times the second: the
    // slopes are equal where the first is 0.2 denser.
    double[][] rises = {{0.16, 0.04}, {0.04, 0.01}};
    assertArrayEquals(new int[] {60, 40}, LayerShares.allot(rises, DENSITIES, 0.5, 100));
  }

  @Test
  void layersAlikeHaveTheTargetAndTheLastWholeGatesGoToTheFirst() {
    double[][] rises = {{0.2, 0.1}, {0.2, 0.1}, {0.2, 0.1}};
    assertArrayEquals(new int[] {3, 3, 2}, LayerShares.allot(rises, DENSITIES, 0.5, 5));
  }

  @Test
  void noLayerGoesFurtherThanHalfwayToNoneOrAll() {
    double[][] rises = {{1, 0.5}, {1e-4, 5e-5}};
    assertArrayEquals(new int[] {75, 25}, LayerShares.allot(rises, DENSITIES, 0.5, 100));
  }

  @Test
  void aMeasurementThatShowsNoRiseStillGivesTheMean() {
    double[][] rises = {{-0.001, 0.002}, {0.03, 0.01}, {0, 0}};
    int[] on = LayerShares.allot(rises, DENSITIES, 0.5, 768);
    assertEquals(3 * 384, Arrays.stream(on).sum());
    assertTrue(on[1] > on[0] && on[0] > on[2], Arrays.toString(on));
  }

  @Test
  void measuredDensitiesStayBetweenNoneAndAll() {
    assertArrayEquals(new double[] {0.4, 0.6}, LayerShares.measuredAt(0.5), 1e-12);
    assertArrayEquals(new double[] {0.05, 0.2}, LayerShares.measuredAt(0.1), 1e-12);
    assertArrayEquals(new double[] {0.85, 0.975}, LayerShares.measuredAt(0.95), 1e-12);
  }

  @Test
  void settingsThatWouldUndoTheSharesAreRefused() {
    Options learned = Options.calibrated();
    learned.layerShares = Shares.BY_LOSS;
    learned.build();
    learned.sparsifyShare = 0.5;
    assertTrue(
        assertThrows(UserError.class, learned::build).getMessage().contains("sparsify_share 0"));
  }

  @Test
  void theStartsMasksHaveTheirLayersShareAndTheMeanIsTheTarget() {
    DecoderModule model = TestModels.tiny(7, Precision.FP32);
    Options options = Options.calibrated();
    options.layerShares = Shares.BY_LOSS;
    options.criterion = Criterion.OUTPUT_ERROR;
    int sum = 0;
    for (boolean[][] layer : Shipped.neurons(TinyMixture.prepared(options, model))) {
      int on = TinyMixture.count(layer[0]);
      assertTrue(on >= 6 && on <= 18, on + " of 24");
      for (boolean[] mask : layer) {
        assertEquals(on, TinyMixture.count(mask));
      }
      sum += on;
    }
    assertEquals(2 * 12, sum);
  }

  @Test
  void theLossOfRowsIsThatOfEachRowsNextTokens() {
    DecoderModule model = TestModels.tiny(3, Precision.FP32);
    long[][] rows = TinyMixture.rows(5, 9, 4);
    double expected = 0;
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      for (long[] row : rows) {
        Tensor ids = Tensors.of(Arrays.copyOf(row, 8), 1, 8);
        Tensor targets = Tensors.of(Arrays.copyOfRange(row, 1, 9), 8);
        expected += model.loss(ids, targets, TinyMixture.DENSE).item_double() / rows.length;
      }
    }
    assertEquals(expected, new WholePasses(model).loss(rows, TinyMixture.DENSE), 1e-5);
  }
}
