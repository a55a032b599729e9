package org.mixtureofmasks.sparsify.dsmoe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.TestRecipe;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.Shipped;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

class DsmoeTest {
  private static final int D = 16;
  private static final int NEURONS = 24;

  @TempDir Path folder;

  private static Dsmoe fixed(DecoderModule model, int experts) {
    Dsmoe dsmoe =
        new Dsmoe(
            DsmoeOptions.of(
                TestRecipe.of(DsmoeOptions.section(), "experts: %s, target: 0".formatted(experts))),
            1e-2,
            5);
    LayerByLayer.prepare(dsmoe, model, new long[0][]);
    return dsmoe;
  }

  /** The trainable router of a layer. */
  private static Tensor router(Method method, int layer) {
    return method
        .parameterGroups()
        .getFirst()
        .tensors()
        .get("experts.layers.%s.router".formatted(layer));
  }

  private static float[] random(int n) {
    SplittableRandom random = new SplittableRandom(8);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /** The part of the FFN's output that comes from the neurons of expert e of 4, by the formula. */
  private static void addExpert(float[][] weights, float[] x, int t, int e, double g, double[] y) {
    for (int j = e * 6; j < (e + 1) * 6; j++) {
      double gate = 0;
      double up = 0;
      for (int i = 0; i < D; i++) {
        gate += weights[0][j * D + i] * (double) x[t * D + i];
        up += weights[1][j * D + i] * (double) x[t * D + i];
      }
      double a = gate / (1 + Math.exp(-gate)) * up;
      for (int i = 0; i < D; i++) {
        y[t * D + i] += g * a * weights[2][i * NEURONS + j];
      }
    }
  }

  @Test
  void theOutputIsTheSumOfPassingPartsTimesExpertsOverTheirNumber() {
    DecoderModule model = TestModels.tiny(4, Precision.FP32);
    Dsmoe dsmoe = fixed(model, 4);
    int tokens = 12;
    float[] x = random(tokens * D);
    float[] router = Shipped.routers(dsmoe).getFirst();
    FfnWeights ffn = model.ffn(0);
    float[][] weights = {
      Tensors.toFloats(ffn.gate()), Tensors.toFloats(ffn.up()), Tensors.toFloats(ffn.down())
    };
    double[] expected = new double[tokens * D];
    for (int t = 0; t < tokens; t++) {
      double[] g = new double[4];
      int passing = 0;
      for (int e = 0; e < 4; e++) {
        double logit = 0;
        for (int i = 0; i < D; i++) {
          logit += router[e * D + i] * (double) x[t * D + i];
        }
        g[e] = 1 / (1 + Math.exp(-logit));
        passing += g[e] > 0.5 ? 1 : 0;
      }
      for (int e = 0; e < 4; e++) {
        if (g[e] > 0.5) {
          addExpert(weights, x, t, e, g[e] * 4 / passing, expected);
        }
      }
    }
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      float[] y =
          Tensors.toFloats(dsmoe.feedForward().apply(0, Tensors.of(x, tokens, D), model.ffn(0)));
      for (int i = 0; i < y.length; i++) {
        assertEquals(expected[i], y[i], 1e-4);
      }
    }
  }

  @Test
  void anExpertThatDoesNotPassLearnsByItsGateAlone() {
    DecoderModule model = TestModels.tiny(4, Precision.FP32);
    Dsmoe dsmoe = fixed(model, 4);
    Tensor router = router(dsmoe, 0);
    try (NoGradGuard _ = new NoGradGuard()) {
      // Against ones: the last expert's gate is below 1/2, the others' above.
      router.fill_(new Scalar(0.05));
      router.narrow(0, 3, 1).fill_(new Scalar(-0.05));
    }
    try (PointerScope _ = new PointerScope()) {
      dsmoe.beginMicroBatch();
      Tensor y = dsmoe.feedForward().apply(0, torch.ones(1, D), model.ffn(0));
      y.mul(y).sum().backward();
      float[] gate = Tensors.toFloats(model.ffn(0).gate().grad().abs().sum(1));
      for (int j = 0; j < NEURONS; j++) {
        assertEquals(j < 18, gate[j] > 0, "neuron " + j);
      }
      for (float g : Tensors.toFloats(router.grad().abs().sum(1))) {
        assertTrue(g > 1e-3, "gradient of a gate " + g);
      }
    }
  }

  @Test
  void theLossIsTheMeanOverLayersExpertsAndTokensOfTheGatesThatPass() {
    DecoderModule model = TestModels.tiny(4, Precision.FP32);
    Dsmoe dsmoe = fixed(model, 4);
    try (NoGradGuard _ = new NoGradGuard()) {
      router(dsmoe, 0).fill_(new Scalar(Math.log(3) / D)); // all gates of ones are 3/4
      router(dsmoe, 1).fill_(new Scalar(-1));
    }
    try (PointerScope _ = new PointerScope()) {
      dsmoe.beginMicroBatch();
      for (int l = 0; l < 2; l++) {
        dsmoe.feedForward().apply(l, torch.ones(3, D), model.ffn(l));
      }
      assertEquals(0.75 / 2, dsmoe.extraLoss().orElseThrow().item_double(), 1e-6);
    }
  }

  private static final String TRACKED =
      "dsmoe: {experts: 4, target: 0.25, calibration_tokens: 160}\n";

  /** Mean share of the FFN that rows of training data use, counted apart from the method. */
  private static double share(DecoderModule model, Method method, long[][] rows) {
    double[] sum = new double[1];
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      model.hidden(
          Tensors.of(rows),
          (l, x, weights) -> {
            float[] r = Tensors.toFloats(x.matmul(router(method, l).t()));
            for (float logit : r) {
              boolean passes = 1 / (1 + Math.exp(-logit)) > Shipped.routing(method).threshold();
              sum[0] += passes ? 1.0 / r.length : 0;
            }
            return method.feedForward().apply(l, x, weights);
          });
    }
    return sum[0] / model.config().layers();
  }

  private static long[][] calibration(Method method) {
    float[] ids = Tensors.toFloats(method.state().get("dsmoe.calibration"));
    long[][] rows = new long[ids.length / 8][8];
    for (int i = 0; i < ids.length; i++) {
      rows[i / 8][i % 8] = (long) ids[i];
    }
    return rows;
  }

  @Test
  void theTargetIsMetBeforeTheFirstStepAndAfterTheLast() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Recipe recipe = tiny.recipe("dsmoe", TRACKED, "train.precision=fp32");
    try (Trainer trainer = Trainer.begin(recipe, tiny.path("run"), TrainingListener.SILENT)) {
      long[][] rows = calibration(trainer.method());
      assertEquals(160, rows.length * 8);
      assertEquals(0.25, share(trainer.model(), trainer.method(), rows), 0.01);
      double before = Shipped.routing(trainer.method()).threshold();
      trainer.train(19);
      assertEquals(before, Shipped.routing(trainer.method()).threshold());
      double share = (double) trainer.method().metrics().get("active_ffn_share");
      assertEquals(0.25, share, 0.15); // of 48 tokens
      trainer.train();
      assertEquals(0.25, share(trainer.model(), trainer.method(), rows), 0.01);
      assertNotEquals(before, Shipped.routing(trainer.method()).threshold());
    }
  }

  @Test
  void theLossOnGatesWeighsMoreAfterAStepThatLetTooManyPass() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Recipe recipe =
        tiny.recipe("dsmoe", TRACKED, "train.precision=fp32", "train.micro_batch_rows=8");
    try (Trainer trainer = Trainer.begin(recipe, tiny.path("run"), TrainingListener.SILENT)) {
      double sum = 0;
      for (int step = 1; step < 20; step++) {
        trainer.train(step);
        Map<String, Object> m = trainer.method().metrics();
        double excess = (double) m.get("active_ffn_share") - 0.25;
        sum += 2 * excess;
        double weight = (double) m.get("gate_loss_weight");
        // The share is read off a histogram, to about one gate of 384.
        assertEquals(sum + 20 * excess, Math.log(weight), 0.15, "step " + step);
      }
    }
  }

  @Test
  void aStoppedRunGoesOnToTheSameBits() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Recipe recipe = tiny.recipe("dsmoe", TRACKED);
    try (Trainer trainer = Trainer.begin(recipe, tiny.path("whole"), TrainingListener.SILENT)) {
      trainer.train();
    }
    try (Trainer trainer = Trainer.begin(recipe, tiny.path("run"), TrainingListener.SILENT)) {
      trainer.train(7);
    }
    try (Trainer trainer = Trainer.resume(tiny.path("run"), TrainingListener.SILENT)) {
      trainer.train();
    }
    Path step = tiny.path("whole").resolve("step-000020");
    List<Path> files;
    try (Stream<Path> list = Files.list(step)) {
      files = list.toList();
    }
    assertTrue(files.size() >= 4, files.toString());
    for (Path file : files) {
      Path other = tiny.path("run").resolve("step-000020").resolve(file.getFileName());
      assertArrayEquals(
          Files.readAllBytes(file), Files.readAllBytes(other), file.getFileName().toString());
    }
  }

  @Test
  void withoutATargetTheThresholdStaysAndTheLossOfGatesThinsThemOut() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    double[] shares = new double[2];
    for (int i = 0; i < 2; i++) {
      String keys = "dsmoe: {experts: 4, target: 0, threshold: 0.4, l1: " + 50 * i + "}\n";
      Recipe recipe = tiny.recipe("dsmoe", keys);
      try (Trainer trainer = Trainer.begin(recipe, tiny.path("l1-" + i), TrainingListener.SILENT)) {
        trainer.train();
        assertEquals(0.4f, Shipped.routing(trainer.method()).threshold());
        shares[i] = (double) trainer.method().metrics().get("active_ffn_share");
      }
    }
    assertTrue(shares[1] < shares[0] - 0.2, shares[0] + " and, under the loss, " + shares[1]);
  }

  @Test
  void keysThatContradictEachOtherAreRefused() {
    refused("dsmoe.experts is 7, which does not divide", "experts: 7");
    refused("dsmoe.threshold is 0.6, but dsmoe.target 0.5 finds", "threshold: 0.6");
    refused("dsmoe.l1 is 0.0, but dsmoe.target 0.5 is met by steering it", "l1: 0");
  }

  private void refused(String message, String keys) {
    UserError error =
        assertThrows(
            UserError.class,
            () -> {
              TinyRun tiny = new TinyRun(folder);
              Recipe recipe = tiny.recipe("dsmoe", "dsmoe: {" + keys + "}\n");
              Trainer.begin(recipe, tiny.path("refused"), TrainingListener.SILENT).close();
            });
    assertTrue(error.getMessage().startsWith(message), error.getMessage());
    assertEquals(2, error.exitCode());
  }
}
