package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.DENSE;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.count;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.everything;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.logits;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.prepared;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.router;
import static org.mixtureofmasks.sparsify.mixtureofmasks.TinyMixture.step;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.sparsify.Shipped;

class VariantsTest {
  private static final int D = 16;
  private static final int M = 24;

  private static Options ones(Variant variant) {
    Options options = Options.ones();
    options.variant = variant;
    return options;
  }

  private static Options calibrated(Variant variant) {
    Options options = Options.calibrated();
    options.variant = variant;
    return options;
  }

  /** (2 |in| |mid| + |mid| d) / (3 d m), averaged over layers and masks. */
  private static double share(MixtureOfMasks method) {
    boolean[][][] neurons = Shipped.neurons(method);
    boolean[][][] inputs = Shipped.inputs(method);
    double sum = 0;
    for (int l = 0; l < neurons.length; l++) {
      for (int e = 0; e < neurons[l].length; e++) {
        int mid = count(neurons[l][e]);
        int in = inputs.length == 0 ? D : count(inputs[l][e]);
        sum += (2.0 * in * mid + mid * D) / (3 * D * M) / neurons[l].length / neurons.length;
      }
    }
    return sum;
  }

  @Test
  void allOnesEqualTheDenseModel() {
    DecoderModule model = TestModels.tiny(3, Precision.FP32);
    float[] dense = logits(model, DENSE);
    for (Variant variant : Variant.values()) {
      MixtureOfMasks method = prepared(ones(variant), model);
      assertArrayEquals(dense, logits(model, method.feedForward()), 1e-5f, variant.name());
    }
  }

  @Test
  void softGatesEnterWhereTheFormulaPutsThem() {
    DecoderModule model = TestModels.tiny(4, Precision.FP32);
    for (Variant variant : Variant.values()) {
      Options options = ones(variant);
      options.experts = 1; // v is the one mask
      options.densityWarmupShare = 0; // gates near one half from the first step on
      MixtureOfMasks method = prepared(options, model);
      step(method, model, 0, 10);
      float[] v = gates(method, "log_alpha");
      float[] up = variant.masksProjections() ? gates(method, "up.log_alpha") : null;
      float[] in = variant.masksInputs() ? gates(method, "input.log_alpha") : null;
      assertTrue(v[0] > 0 && v[0] < 1, "a soft gate");
      FeedForward expected =
          (l, x, weights) -> {
            Tensor read = in == null ? x : x.mul(row(in, l, D));
            Tensor g = torch.linear(read, weights.gate());
            Tensor u = torch.linear(read, weights.up());
            Tensor a =
                up == null
                    ? torch.silu(g).mul(u).mul(row(v, l, M))
                    : torch.silu(g.mul(row(v, l, M))).mul(u.mul(row(up, l, M)));
            return torch.linear(a, weights.down());
          };
      assertArrayEquals(
          logits(model, expected), logits(model, method.feedForward()), 1e-5f, variant.name());
    }
  }

  /** Noise-free gates of every layer, in double precision: clip(1.2 sigmoid - 0.1, 0, 1). */
  private static float[] gates(MixtureOfMasks method, String name) {
    Map<String, Tensor> all = everything(method);
    int width = Tensors.toFloats(all.get("masks.layers.0." + name)).length;
    float[] values = new float[2 * width];
    for (int i = 0; i < values.length; i++) {
      float a = Tensors.toFloats(all.get("masks.layers." + i / width + "." + name))[i % width];
      values[i] = (float) Math.clamp(1.2 / (1 + Math.exp(-(double) a)) - 0.1, 0, 1);
    }
    return values;
  }

  private static Tensor row(float[] values, int l, int width) {
    return Tensors.of(Arrays.copyOfRange(values, l * width, (l + 1) * width), 1, width);
  }

  @Test
  void hardenedMasksOfBothProjectionsComputeWhatTheNeuronMaskDoes() {
    DecoderModule model = TestModels.tiny(5, Precision.FP32);
    MixtureOfMasks method = prepared(calibrated(Variant.MOM_FW), model);
    boolean[][][] masks = Shipped.neurons(method);
    Tensor[] v = new Tensor[2];
    for (int l = 0; l < 2; l++) {
      float[] flat = new float[4 * M];
      for (int i = 0; i < flat.length; i++) {
        flat[i] = masks[l][i / M][i % M] ? 1 : 0;
      }
      v[l] = Tensors.of(flat, 4, M);
    }
    FeedForward expected =
        (l, x, weights) -> {
          Tensor w = new Router(router(method, l), 1, false).route(x).weights();
          Tensor mask = w.matmul(v[l]);
          Tensor g = torch.linear(x, weights.gate()).mul(mask);
          Tensor a = torch.silu(g).mul(torch.linear(x, weights.up()).mul(mask));
          return torch.linear(a, weights.down());
        };
    assertArrayEquals(logits(model, expected), logits(model, method.feedForward()), 1e-5f);
  }

  @Test
  void theProjectedShareFollowsItsScheduleAndHardensAsNearlyAsCountsAllow() {
    DecoderModule model = TestModels.tiny(6, Precision.FP32);
    for (Variant variant : Variant.values()) {
      for (Budget budget : Budget.values()) {
        Options options = ones(variant);
        options.budget = budget;
        options.densityWarmupShare = 0;
        options.target = 0.4;
        MixtureOfMasks method = prepared(options, model);
        for (int s = 0; s < 3; s++) {
          try (PointerScope _ = new PointerScope()) {
            method.beginStep(s, 5);
            double expected = (double) method.metrics().get("expected_density");
            assertEquals(0.4, expected, 1e-6, variant + " " + budget);
          }
          step(method, model, s, 5);
        }
        assertEquals("recover", method.metrics().get("phase"));
        // A neuron is 1/24 of a mask, an input at most 2/48; eight masks share a global budget.
        double masks =
            switch (budget) {
              case EXPERT -> 1;
              case LAYER -> 4;
              case GLOBAL -> 8;
            };
        double share = share(method);
        assertEquals(0.4, share, 1 / 48.0 / masks + 1e-9, variant + " " + budget);
        assertEquals(share, (double) method.metrics().get("hard_density"), 1e-6);
      }
    }
  }

  @Test
  void thePapersProductIsReportedBesideTheTrueShare() {
    DecoderModule model = TestModels.tiny(7, Precision.FP32);
    MixtureOfMasks method = prepared(calibrated(Variant.MOM_FH), model);
    boolean[][][] neurons = Shipped.neurons(method);
    boolean[][][] inputs = Shipped.inputs(method);
    double product = 0;
    for (int l = 0; l < 2; l++) {
      for (int e = 0; e < 4; e++) {
        product += (double) count(inputs[l][e]) / D * count(neurons[l][e]) / M / 8;
      }
    }
    assertEquals(product, (double) method.metrics().get("paper_share"), 1e-6);
    assertEquals(null, prepared(calibrated(Variant.MOM_FW), model).metrics().get("paper_share"));
  }

  @Test
  void inputMasksShipOnlyWhereInputsAreMasked() {
    DecoderModule model = TestModels.tiny(8, Precision.FP32);
    for (Variant variant : Variant.values()) {
      boolean[][][] inputs = Shipped.inputs(prepared(calibrated(variant), model));
      assertEquals(variant.masksInputs() ? 2 : 0, inputs.length, variant.name());
      if (variant.masksInputs()) {
        assertEquals(4, inputs[1].length);
        assertEquals(D, inputs[1][3].length);
      }
    }
  }

  @Test
  void aRestoredVariantGoesOnToTheBit() {
    for (Variant variant : Variant.values()) {
      for (Constraint constraint : new Constraint[] {Constraint.PROJECTED, Constraint.L1}) {
        Options options = ones(variant);
        options.constraint = constraint;
        DecoderModule model = TestModels.tiny(9, Precision.FP32);
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
        assertEquals(losses.subList(0, 6), losses.subList(6, 12), variant + " " + constraint);
        assertSameMasks(whole, resumed);
        MixtureOfMasks hardened = new MixtureOfMasks(options.build(), 1e-3, 17);
        hardened.restore(model.config(), everything(whole));
        assertSameMasks(whole, hardened);
        assertEquals("recover", hardened.metrics().get("phase"));
      }
    }
  }

  private static void assertSameMasks(MixtureOfMasks expected, MixtureOfMasks actual) {
    assertArrayEquals(Shipped.neurons(expected), Shipped.neurons(actual));
    assertArrayEquals(Shipped.inputs(expected), Shipped.inputs(actual));
  }

  @Test
  void oneMaskIsDynamicPruningForEveryVariantAndStart() {
    DecoderModule model = TestModels.tiny(10, Precision.FP32);
    for (Variant variant : Variant.values()) {
      for (Options options : List.of(ones(variant), calibrated(variant))) {
        options.experts = 1;
        MixtureOfMasks method = prepared(options, model);
        for (int s = 0; s < 4; s++) {
          assertTrue(Double.isFinite(step(method, model, s, 5)));
        }
        assertEquals("recover", method.metrics().get("phase"));
        assertArrayEquals(new long[] {1, D}, Tensors.shape(router(method, 0)));
        assertEquals(0.5, share(method), 1 / 48.0 + 1e-9, variant + " " + options.start);
        assertEquals(List.of(1.0, 1.0), method.metrics().get("expert_load_max"));
      }
    }
  }

  @Test
  void blocksOfNeuronsGoTogetherAndInputsStayFree() {
    DecoderModule model = TestModels.tiny(11, Precision.FP32);
    Options options = calibrated(Variant.MOM_FWH);
    options.block = 4;
    options.target = 0.6;
    MixtureOfMasks method = prepared(options, model);
    for (boolean[] mask : Shipped.neurons(method)[0]) {
      for (int j = 0; j < M; j++) {
        assertEquals(mask[j / 4 * 4], mask[j]);
      }
    }
    // A block of four is at most 4/24 of a mask.
    assertEquals(0.6, share(method), 2 / 24.0 + 1e-9);
  }

  @Test
  void gatesThatLearnHaveTensorsOfTheirOwnInOneGroup() {
    DecoderModule model = TestModels.tiny(12, Precision.FP32);
    MixtureOfMasks method = prepared(ones(Variant.MOM_FWH), model);
    assertEquals(
        List.of(
            "masks.layers.0.log_alpha",
            "masks.layers.0.up.log_alpha",
            "masks.layers.0.input.log_alpha",
            "masks.layers.1.log_alpha",
            "masks.layers.1.up.log_alpha",
            "masks.layers.1.input.log_alpha"),
        List.copyOf(method.parameterGroups().get(1).tensors().keySet()));
    step(method, model, 0, 10);
    for (Tensor t : method.parameterGroups().get(1).tensors().values()) {
      assertTrue(t.ne(new Scalar(OpenStart.LOG_ALPHA)).any().item_bool());
    }
  }

  @Test
  void moreThanOneMaskATokenIsRefusedWithinTheNonlinearity() {
    Options options = ones(Variant.MOM_FW);
    options.topK = 2;
    UserError error = assertThrows(UserError.class, options::build);
    assertEquals(
        "masks.variant mom_fw with masks.top_k 2: masks within the nonlinearity do not mix; give"
            + " masks.top_k 1, or the variant mom",
        error.getMessage());
    assertEquals(UserError.USAGE, error.exitCode());
  }
}
