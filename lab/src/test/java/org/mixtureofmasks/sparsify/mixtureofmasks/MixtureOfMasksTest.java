package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.DENSE;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.count;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.distance;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.everything;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.logits;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.prepared;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.router;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.rows;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.step;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Shipped;

class MixtureOfMasksTest {
  @Test
  void allOnesEqualTheDenseModelWhateverTheRouterSays() {
    DecoderModule model = TestModels.tiny(3, Precision.FP32);
    float[] dense = logits(model, DENSE);
    for (int k : new int[] {1, 2, 4}) {
      Options options = Options.ones();
      options.topK = k;
      MixtureOfMasks method = prepared(options, model);
      assertArrayEquals(dense, logits(model, method.feedForward()), 1e-5f, "k = " + k);
    }
  }

  @Test
  void theProjectedDensityFollowsItsScheduleAtEveryStepAndHardensExactly() {
    DecoderModule model = TestModels.tiny(4, Precision.FP32);
    MixtureOfMasks method = prepared(Options.ones(), model);
    int steps = 20; // 12 to sparsify, of which 6 to reach the target
    double start = 1 / (1 + Math.exp(-OpenStart.LOG_ALPHA));
    for (int s = 0; s < 12; s++) {
      try (PointerScope _ = new PointerScope()) {
        method.beginStep(s, steps);
        double expected = start + (0.5 - start) * Math.min(1, (s + 1) / 6.0);
        assertEquals(expected, (double) method.metrics().get("expected_density"), 1e-6, "at " + s);
      }
      step(method, model, s, steps);
    }
    assertEquals("recover", method.metrics().get("phase"));
    boolean[][][] masks = Shipped.neurons(method);
    for (boolean[][] layer : masks) {
      for (boolean[] mask : layer) {
        assertEquals(12, count(mask));
      }
    }
    step(method, model, 12, steps);
    assertArrayEquals(masks, Shipped.neurons(method), "hardened masks are frozen");
    assertEquals(0.5, (double) method.metrics().get("hard_density"), 1e-9);
  }

  @Test
  void budgetsOfALayerAndOfTheModelHardenExactlyOverTheirUnit() {
    DecoderModule model = TestModels.tiny(5, Precision.FP32);
    for (Budget budget : new Budget[] {Budget.LAYER, Budget.GLOBAL}) {
      Options options = Options.ones();
      options.budget = budget;
      options.target = 0.3;
      MixtureOfMasks method = prepared(options, model);
      for (int s = 0; s < 3; s++) {
        step(method, model, s, 5);
      }
      int[] on =
          Arrays.stream(Shipped.neurons(method))
              .mapToInt(layer -> Arrays.stream(layer).mapToInt(TinyMixture::count).sum())
              .toArray();
      if (budget == Budget.LAYER) {
        assertArrayEquals(new int[] {29, 29}, on); // 0.3 · 4 · 24 = 28.8
      } else {
        assertEquals(58, Arrays.stream(on).sum()); // 57.6
      }
    }
  }

  @Test
  void calibratedMasksHardenAtOnceWithTheTargetsNumberOfNeurons() {
    DecoderModule model = TestModels.tiny(6, Precision.FP32);
    Options options = Options.calibrated();
    options.block = 4;
    MixtureOfMasks method = prepared(options, model);
    assertEquals("recover", method.metrics().get("phase"));
    assertEquals(List.of("router"), method.parameterGroups().stream().map(g -> g.name()).toList());
    for (boolean[][] layer : Shipped.neurons(method)) {
      for (boolean[] mask : layer) {
        assertEquals(12, count(mask));
        for (int j = 0; j < 24; j++) {
          assertEquals(mask[j / 4 * 4], mask[j], "neurons of a block go together");
        }
      }
    }
  }

  @Test
  void calibratedMasksKeepMoreOfTheDenseOutputThanRandomOnes() {
    DecoderModule model = TestModels.tiny(7, Precision.FP32);
    float[] dense = logits(model, DENSE);
    MixtureOfMasks calibrated = prepared(Options.calibrated(), model);
    double error = distance(dense, logits(model, calibrated.feedForward()));
    Map<String, Tensor> other = everything(calibrated);
    SplittableRandom r = new SplittableRandom(1);
    for (int l = 0; l < 2; l++) {
      float[] random = new float[4 * 24];
      for (int e = 0; e < 4; e++) {
        int first = r.nextInt(24);
        for (int i = 0; i < 12; i++) {
          random[e * 24 + (first + i) % 24] = 1;
        }
      }
      other.put("masks.layers." + l + ".hard", Tensors.of(random, 4, 24));
    }
    MixtureOfMasks random = new MixtureOfMasks(Options.calibrated().build(), 1e-3, 0);
    random.restore(model.config(), other);
    double randomError = distance(dense, logits(model, random.feedForward()));
    assertTrue(error < 0.7 * randomError, error + " against " + randomError);
  }

  @Test
  void aRestoredMethodGoesOnToTheBit() {
    for (Constraint constraint : Constraint.values()) {
      Options options = Options.ones();
      options.constraint = constraint;
      options.topK = 2;
      DecoderModule model = TestModels.tiny(8, Precision.FP32);
      MixtureOfMasks whole = prepared(options, model);
      for (int s = 0; s < 2; s++) {
        step(whole, model, s, 10);
      }
      MixtureOfMasks resumed = new MixtureOfMasks(options.build(), 1e-3, 17);
      resumed.restore(model.config(), everything(whole));
      List<Double> losses = new ArrayList<>();
      for (MixtureOfMasks method : List.of(whole, resumed)) {
        torch.manual_seed(5);
        for (int s = 2; s < 8; s++) {
          losses.add(step(method, model, s, 10));
        }
      }
      assertEquals(losses.subList(0, 6), losses.subList(6, 12), "extra losses of " + constraint);
      assertArrayEquals(Shipped.neurons(whole), Shipped.neurons(resumed));
      for (int l = 0; l < 2; l++) {
        assertArrayEquals(Shipped.routers(whole).get(l), Shipped.routers(resumed).get(l));
      }
    }
  }

  @Test
  void aStepCountedInTwoPlacesHasTheLoadsOfOne() {
    DecoderModule model = TestModels.tiny(9, Precision.FP32);
    long[][] batch = rows(4, 16, 3);
    List<Object> loads = new ArrayList<>();
    for (int places = 1; places <= 2; places++) {
      MixtureOfMasks first = prepared(Options.calibrated(), model);
      for (int p = 0; p < places; p++) {
        MixtureOfMasks method = p == 0 ? first : prepared(Options.calibrated(), model);
        method.beginStep(0, 1);
        method.beginMicroBatch();
        try (PointerScope _ = new PointerScope()) {
          long[][] part = Arrays.copyOfRange(batch, 4 * p / places, 4 * (p + 1) / places);
          model.hidden(Tensors.of(part), method.feedForward());
        }
        if (p > 0) {
          first.counts().add(method.counts());
        }
      }
      loads.add(first.metrics().get("expert_load_evenness"));
    }
    assertEquals(loads.getFirst(), loads.getLast());
  }

  @Test
  void theSameSeedGivesTheSameStartAndAnotherSeedAnother() {
    DecoderModule model = TestModels.tiny(9, Precision.FP32);
    for (Options options : List.of(Options.ones(), Options.calibrated())) {
      float[] first = Shipped.routers(prepared(options, model)).get(1);
      float[] again = Shipped.routers(prepared(options, model)).get(1);
      assertArrayEquals(first, again);
      MixtureOfMasks other = new MixtureOfMasks(options.build(), 1e-3, 18);
      LayerByLayer.prepare(other, model, rows(16, 16, 1));
      assertTrue(!Arrays.equals(first, Shipped.routers(other).get(1)));
    }
  }

  @Test
  void theUnionOfTwoChosenMasksMeetsTheTargetOnTheTokensThatCalibrated() {
    DecoderModule model = TestModels.tiny(10, Precision.FP32);
    Options options = Options.calibrated();
    options.topK = 2;
    MixtureOfMasks method = prepared(options, model);
    double[] used = new double[2];
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      boolean[][][] masks = Shipped.neurons(method);
      model.hidden(
          Tensors.of(rows(16, 16, 1)),
          (l, x, weights) -> {
            Router router = new Router(router(method, l), 2, true);
            long[] chosen = Tensors.toLongs(router.route(x).chosen());
            for (int t = 0; t < chosen.length / 2; t++) {
              for (int j = 0; j < 24; j++) {
                boolean on =
                    masks[l][(int) chosen[2 * t]][j] || masks[l][(int) chosen[2 * t + 1]][j];
                used[l] += on ? 2.0 / (24 * chosen.length) : 0;
              }
            }
            return weights.dense(x);
          });
    }
    // One gate of 24 in each mask moves the union by at most 2/24.
    assertEquals(0.5, used[0], 1 / 24.0);
    assertEquals(0.5, used[1], 1 / 24.0);
  }

  @Test
  void theBalanceLossCountsTheChoicesOfTheWholeStep() {
    DecoderModule model = TestModels.tiny(13, Precision.FP32);
    Options options = Options.calibrated();
    options.experts = 2;
    options.balance = 0.5;
    MixtureOfMasks method = prepared(options, model);
    float[] router = new float[2 * 16];
    router[0] = (float) Math.log(3);
    try (PointerScope _ = new PointerScope()) {
      try (NoGradGuard _ = new NoGradGuard()) {
        method
            .parameterGroups()
            .getFirst()
            .tensors()
            .values()
            .iterator()
            .next()
            .copy_(Tensors.of(router, 2, 16));
      }
      method.beginStep(0, 1);
      // Two tokens with p = (3/4, 1/4): f = (1, 0).
      assertEquals(0.5 * 2 * 0.75, balance(method, model, 1, 1), 1e-6);
      // Two with p = (1/4, 3/4) after them: f = (1/2, 1/2), so the step so far is even.
      assertEquals(0.5 * 2 * 0.5, balance(method, model, -1, -1), 1e-6);
      // Two more: f = (1/3, 2/3).
      assertEquals(0.5 * 2 * (0.25 / 3 + 0.75 * 2 / 3), balance(method, model, -1, -1), 1e-6);
      method.beginStep(1, 2);
      // A new step knows nothing of the last: f = (0, 1).
      assertEquals(0.5 * 2 * 0.75, balance(method, model, -1, -1), 1e-6);
    }
  }

  /** The extra loss of a micro-batch in the first layer; tokens by the sign of their input. */
  private static double balance(MixtureOfMasks method, DecoderModule model, float... signs) {
    float[] x = new float[signs.length * 16];
    for (int t = 0; t < signs.length; t++) {
      x[16 * t] = signs[t];
    }
    method.beginMicroBatch();
    method.feedForward().apply(0, Tensors.of(x, signs.length, 16), model.ffn(0));
    return method.extraLoss().orElseThrow().item_double();
  }

  @Test
  void equation5PullsTheDensityDownAndTheLagrangianClimbsUntilItHolds() {
    DecoderModule model = TestModels.tiny(11, Precision.FP32);
    for (Constraint constraint : new Constraint[] {Constraint.EQ5, Constraint.LAGRANGIAN}) {
      Options options = Options.ones();
      options.constraint = constraint;
      MixtureOfMasks method = prepared(options, model);
      for (int s = 0; s < 60; s++) {
        step(method, model, s, 1000);
      }
      double after = (double) method.metrics().get("expected_density");
      assertTrue(after < 0.8, constraint + " has come down from 0.998 to " + after);
    }
  }

  @Test
  void wrongOptionsAreRefusedWithWhatToDo() {
    Options target = Options.ones();
    target.target = 1.5;
    assertEquals(
        "test:1: masks.target: 1.5 is not in (0, 1]",
        assertThrows(UserError.class, target::build).getMessage());
    Options k = Options.ones();
    k.topK = 5;
    assertEquals(
        "masks.top_k is 5: give 1 to masks.experts (4)",
        assertThrows(UserError.class, k::build).getMessage());
    Options block = Options.ones();
    block.block = 16;
    assertEquals(
        "masks.block is 16, which does not divide the model's 24 neurons: choose another block",
        assertThrows(UserError.class, () -> block.build().gates(24)).getMessage());
    Options ones = Options.ones();
    ones.sparsifyShare = 0;
    assertEquals(UserError.USAGE, assertThrows(UserError.class, ones::build).exitCode());
  }

  @Test
  void tooFewCalibrationTokensAreRefused() {
    DecoderModule model = TestModels.tiny(12, Precision.FP32);
    MixtureOfMasks method = new MixtureOfMasks(Options.calibrated().build(), 1e-3, 0);
    UserError error =
        assertThrows(
            UserError.class, () -> LayerByLayer.prepare(method, model, new long[][] {{1, 2, 3}}));
    assertTrue(error.getMessage().contains("at least 4 calibration tokens, there are 3"));
  }
}
