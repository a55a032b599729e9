package org.mixtureofmasks.sparsify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

/** A new method is one class and its test: the loop, the compiler and the engine need no word. */
class LoudNeuronsTest {
  private static final int[] TOKENS = {3, 17, 3, 49, 0, 21};

  @TempDir Path folder;

  @Test
  void aMethodInOneClassTrainsShipsAndRunsInTheEngine() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Recipe recipe =
        tiny.recipe(
            "loud_neurons",
            "loud_neurons: {shared: 0.5}\n",
            "train.steps=2",
            "train.precision=fp32");
    assertTrue(recipe.resolvedYaml().contains("  shared: 0.5\n"), recipe.resolvedYaml());
    Path run = tiny.path("run");
    float[] expected;
    float[] router;
    try (Trainer trainer = Trainer.begin(recipe, run, TrainingListener.SILENT)) {
      router = Shipped.routers(trainer.method()).getFirst();
      trainer.train();
      assertTrue(
          !Arrays.equals(router, Shipped.routers(trainer.method()).getFirst()),
          "the router has learned");
      assertEquals(0.75, (double) trainer.method().metrics().get("active_ffn_share"), 1e-6);
      expected = inTheTrainer(trainer);
    }
    Path model = tiny.path("sparse");
    RunModel.of(FinishedRun.open(run)).write(model, Optional.empty(), Optional.empty());
    try (Model engine = Model.open(model, new LoadOptions(WeightType.AUTO, 1))) {
      ModelState state = engine.newState(16);
      engine.forwardEach(
          state,
          TOKENS,
          0,
          TOKENS.length,
          (t, row) ->
              assertArrayEquals(
                  Arrays.copyOfRange(expected, t * row.length, (t + 1) * row.length),
                  row,
                  2e-4f,
                  "at " + t));
    }
  }

  private static float[] inTheTrainer(Trainer trainer) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      long[][] ids = {Arrays.stream(TOKENS).asLongStream().toArray()};
      return Tensors.toFloats(
          trainer.model().forward(Tensors.of(ids), trainer.method().feedForward()));
    }
  }
}
