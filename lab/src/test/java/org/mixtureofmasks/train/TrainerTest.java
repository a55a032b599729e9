package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.cli.Main;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.sparsify.Shipped;

class TrainerTest {
  private static final String SAMPLED_MASKS =
      """
      masks:
        start: calibrated
        experts: 3
        sparsify_share: 0.8
        calibration_tokens: 64
        distillation: 0.5
      """;

  @TempDir Path folder;
  private TinyRun tiny;

  @BeforeEach
  void makeTheModel() throws IOException {
    tiny = new TinyRun(folder);
  }

  private Path run(String name, Recipe recipe, int... stops) {
    Path out = tiny.path(name);
    for (int i = 0; i <= stops.length; i++) {
      try (Trainer trainer =
          i == 0
              ? Trainer.begin(recipe, out, TrainingListener.SILENT)
              : Trainer.resume(out, TrainingListener.SILENT)) {
        trainer.train(i < stops.length ? stops[i] : Integer.MAX_VALUE);
      }
    }
    return out;
  }

  /** Metrics without what a clock wrote. */
  private static List<ObjectNode> metrics(Path run) throws IOException {
    List<ObjectNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      ObjectNode node = (ObjectNode) new ObjectMapper().readTree(line);
      node.remove(List.of("time", "tokens_per_second"));
      lines.add(node);
    }
    return lines;
  }

  private static void assertSameRun(Path expected, Path actual) throws IOException {
    assertEquals(metrics(expected), metrics(actual));
    Path step = expected.resolve("step-000020");
    List<Path> files;
    try (Stream<Path> list = Files.list(step)) {
      files = list.toList();
    }
    assertTrue(files.size() >= 4, files.toString());
    for (Path file : files) {
      assertArrayEquals(
          Files.readAllBytes(file),
          Files.readAllBytes(actual.resolve("step-000020").resolve(file.getFileName())),
          file.getFileName().toString());
    }
  }

  @Test
  void trainingLowersTheLoss() throws IOException {
    List<ObjectNode> lines = metrics(run("run", tiny.dense()));
    assertEquals(21, lines.size());
    double before = lines.getFirst().get("validation_loss").asDouble();
    double after = lines.getLast().get("validation_loss").asDouble();
    assertTrue(after < before - 0.3, before + " -> " + after);
    assertEquals(20 * 48, lines.getLast().get("tokens").asLong());
  }

  @Test
  void filesOfOneNameAreJudgedEachUnderTheEndOfItsPath() throws IOException {
    Files.createDirectories(tiny.path("x"));
    tiny.rows("x/valid.u16", 10, 4);
    String rows =
        "evaluate.rows=[%s, %s]".formatted(tiny.path("valid.u16"), tiny.path("x/valid.u16"));
    List<ObjectNode> lines = metrics(run("run", tiny.dense("train.steps=1", rows)));
    JsonNode losses = lines.getFirst().get("validation_losses");
    String other = folder.getFileName() + "/valid.u16";
    assertEquals(
        List.of(other, "x/valid.u16"),
        List.copyOf(losses.propertyStream().map(Map.Entry::getKey).toList()));
    assertNotEquals(losses.get(other), losses.get("x/valid.u16"));
    double mean = (losses.get(other).asDouble() + losses.get("x/valid.u16").asDouble()) / 2;
    assertEquals(mean, lines.getFirst().get("validation_loss").asDouble(), 1e-12);
  }

  @Test
  void masksComeBackFromARunWithoutTheDenseModelsWeights() throws IOException {
    String keys = "masks: {experts: 3, calibration_tokens: 64}\n";
    Path run = run("run", tiny.recipe("mixture_of_masks", keys, "train.steps=1"));
    List<float[]> routers = FinishedRun.open(run).method().shipped().orElseThrow().routers();
    SafetensorsWriter.write(
        tiny.path("model/model.safetensors"),
        Map.of(),
        new LinkedHashMap<>(Map.of("model.norm.weight", TensorSource.of(new float[16], 16))));
    ShippedExperts again = FinishedRun.open(run).method().shipped().orElseThrow();
    assertArrayEquals(routers.getLast(), again.routers().getLast());
    assertEquals(0.5, again.masks().activeShare(1), 1e-9);
  }

  @Test
  void aStoppedDenseRunGoesOnToTheSameBits() throws IOException {
    Path whole = run("whole", tiny.dense());
    assertSameRun(whole, run("stopped", tiny.dense(), 7, 12));
  }

  @Test
  void aRunThatIsAskedToStopSavesItsStepAndGoesOnToTheSameBits() throws IOException {
    Path whole = run("whole", tiny.dense());
    Path out = tiny.path("asked");
    AtomicReference<Trainer> asked = new AtomicReference<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void step(Step progress) {
            if (progress.step() == 7) {
              asked.get().stop();
            }
          }
        };
    try (Trainer trainer = Trainer.begin(tiny.dense(), out, listener)) {
      asked.set(trainer);
      trainer.train();
      assertFalse(trainer.ended());
    }
    assertEquals(out.resolve("step-000007"), new RunFolder(out).latest().orElseThrow());
    try (Trainer trainer = Trainer.resume(out, TrainingListener.SILENT)) {
      trainer.train();
      assertTrue(trainer.ended());
    }
    assertSameRun(whole, out);
  }

  @Test
  void aStoppedRunWithSampledGatesGoesOnToTheSameBits() throws IOException {
    Recipe recipe = tiny.recipe("mixture_of_masks", SAMPLED_MASKS);
    Path whole = run("whole", recipe);
    List<ObjectNode> lines = metrics(whole);
    assertEquals("sparsify", lines.get(7).get("phase").asText());
    assertEquals("recover", lines.getLast().get("phase").asText());
    assertSameRun(whole, run("stopped", recipe, 7, 18));
  }

  @Test
  void aStoppedRunWithGatesOnBothProjectionsAndInputsGoesOnToTheSameBits() throws IOException {
    Recipe recipe =
        tiny.recipe("mixture_of_masks", SAMPLED_MASKS + "  variant: mom_fwh\n  constraint: l1\n");
    assertSameRun(run("whole", recipe), run("stopped", recipe, 7, 18));
  }

  @Test
  void aKilledJvmsRunGoesOnToTheSameBits() throws Exception {
    Recipe recipe = tiny.recipe("mixture_of_masks", SAMPLED_MASKS);
    Path whole = run("whole", recipe);
    Path killed = tiny.path("killed");
    // Halted within step 11: four steps past the checkpoint, their metrics already written.
    Process child =
        new ProcessBuilder(
                java(HaltedRun.class, tiny.path("recipe.yaml").toString(), killed.toString(), "11"))
            .redirectErrorStream(true)
            .redirectOutput(tiny.path("child.log").toFile())
            .start();
    assertEquals(9, child.waitFor(), Files.readString(tiny.path("child.log")));
    assertEquals(11, metrics(killed).size());
    assertFalse(Files.exists(killed.resolve("step-000020")));
    try (Trainer trainer = Trainer.resume(killed, TrainingListener.SILENT)) {
      trainer.train();
    }
    assertSameRun(whole, killed);
  }

  /** A limit on the size of files makes writes fail as a full disk does. */
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aDiskThatFillsUpLeavesTheCheckpointBeforeAndTheRunGoesOnLater() throws Exception {
    Path whole = run("whole", tiny.dense());
    Path out = tiny.path("run");
    try (Trainer trainer = Trainer.begin(tiny.dense(), out, TrainingListener.SILENT)) {
      trainer.train(7);
    }
    // 16 blocks are 8 or 16 kB: enough for the metrics, too little for the weights.
    List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 16; exec \"$0\" \"$@\""));
    command.addAll(java(Main.class, "resume", out.toString()));
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, child.waitFor(), output);
    assertTrue(output.contains("mom: cannot write "), output);
    assertTrue(output.contains("model.safetensors"), output);
    assertEquals(out.resolve("step-000007"), new RunFolder(out).latest().orElseThrow());
    try (Trainer trainer = Trainer.resume(out, TrainingListener.SILENT)) {
      trainer.train();
    }
    assertSameRun(whole, out);
  }

  /** A command line that runs a class of the tests in a JVM of its own. */
  private static List<String> java(Class<?> main, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData", // a file of its own, of which a limit would complain
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Hears a run and gives it up where it hears a phrase. */
  private static final class Impatient implements TrainingListener {
    private final List<String> heard = new ArrayList<>();
    private final String last;

    Impatient(String last) {
      this.last = last;
    }

    @Override
    public void phase(RunPhase phase) {
      heard.add(phase.word());
    }

    @Override
    public void begin(String part, String unit) {
      heard.add(part);
    }

    @Override
    public void at(long done, long total) {
      String counted = "%s of %s".formatted(done, total);
      if (heard.getLast().equals(last)) {
        throw new CancellationException(counted);
      }
      if (done == total) {
        heard.add(counted);
      }
    }
  }

  @Test
  void aTrainingFreeRunReportsEachOfItsPhasesAndWritesNoOptimiserState() throws IOException {
    Impatient listener = new Impatient("none");
    Recipe recipe = tiny.recipe("mixture_of_masks", SAMPLED_MASKS, "train.steps=0");
    Path out = tiny.path("run");
    try (Trainer trainer = Trainer.begin(recipe, out, listener)) {
      trainer.train();
    }
    assertEquals(
        List.of(
            "load",
            "pack",
            "load",
            "20 of 20",
            "prepare",
            "preparing: the dense model on the calibration text",
            "64 of 64",
            "preparing: masks and routers",
            "2 of 2",
            "validate",
            "10 of 10",
            "save"),
        listener.heard);
    Path step = out.resolve("step-000000");
    assertFalse(Files.exists(step.resolve("optimizer.safetensors")));
    try (Trainer trainer = Trainer.resume(out, TrainingListener.SILENT)) {
      trainer.train();
      assertTrue(trainer.ended());
    }
    assertEquals(0, FinishedRun.open(out).steps());
  }

  @Test
  void aPreparationThatIsGivenUpIsBegunAgain() throws IOException {
    Recipe recipe = tiny.recipe("mixture_of_masks", SAMPLED_MASKS);
    Path whole = run("whole", recipe);
    Path out = tiny.path("run");
    TrainingListener listener = new Impatient("preparing: masks and routers");
    assertThrows(CancellationException.class, () -> Trainer.begin(recipe, out, listener));
    try (Trainer trainer = Trainer.resume(out, TrainingListener.SILENT)) {
      trainer.train();
    }
    assertSameRun(whole, out);
  }

  @Test
  void aFirstValidationThatIsGivenUpLeavesThePreparationSaved() throws IOException {
    Recipe recipe = tiny.recipe("mixture_of_masks", SAMPLED_MASKS);
    Path whole = run("whole", recipe);
    Path out = tiny.path("run");
    try (Trainer trainer = Trainer.begin(recipe, out, new Impatient("validate"))) {
      trainer.train();
      assertFalse(trainer.ended());
    }
    assertEquals(out.resolve("step-000000"), new RunFolder(out).latest().orElseThrow());
    Impatient again = new Impatient("none");
    try (Trainer trainer = Trainer.resume(out, again)) {
      trainer.train();
    }
    assertFalse(again.heard.contains("preparing: masks and routers"), again.heard.toString());
    assertSameRun(whole, out);
  }

  @Test
  void onlyTheLatestCheckpointsAreKept() throws IOException {
    Path out = run("run", tiny.dense("checkpoint.every=3"));
    assertEquals(
        List.of("step-000018", "step-000020"),
        new RunFolder(out).steps().stream().map(p -> p.getFileName().toString()).toList());
  }

  @Test
  void frozenWeightsStayAndTheRouterMoves() throws IOException {
    Recipe recipe =
        tiny.recipe(
            "mixture_of_masks",
            "masks: {experts: 3, calibration_tokens: 64, train_weights: false}\n",
            "train.steps=3");
    Path out = tiny.path("run");
    try (Trainer trainer = Trainer.begin(recipe, out, TrainingListener.SILENT)) {
      float[] router = Shipped.routers(trainer.method()).getFirst();
      float[] weight = weight(trainer);
      trainer.train();
      assertArrayEquals(weight, weight(trainer));
      assertFalse(java.util.Arrays.equals(router, Shipped.routers(trainer.method()).getFirst()));
    }
  }

  private static float[] weight(Trainer trainer) {
    Tensor t = trainer.model().parameters().get("model.layers.0.mlp.gate_proj.weight");
    return Tensors.toFloats(t);
  }

  @Test
  void microBatchesAddUpToTheWholeBatch() throws IOException {
    Path whole = run("whole", tiny.dense("train.steps=2", "train.micro_batch_rows=6"));
    Path parts = run("parts", tiny.dense("train.steps=2", "train.micro_batch_rows=4"));
    assertEquals(
        metrics(whole).get(1).get("loss").asDouble(),
        metrics(parts).get(1).get("loss").asDouble(),
        1e-6);
    assertEquals(
        metrics(whole).get(1).get("gradient_norm").asDouble(),
        metrics(parts).get(1).get("gradient_norm").asDouble(),
        // bf16 products: the parts round on their own
        2e-2 * metrics(whole).get(1).get("gradient_norm").asDouble());
  }

  @Test
  void withoutStepsTheStartItselfIsSaved() throws IOException {
    Recipe recipe =
        tiny.recipe(
            "mixture_of_masks", "masks: {experts: 3, calibration_tokens: 64}\n", "train.steps=0");
    Path out = run("run", recipe);
    assertTrue(Files.exists(out.resolve("step-000000/method.safetensors")));
    JsonNode line = metrics(out).getFirst();
    assertTrue(line.get("validation_loss").asDouble() > 0);
  }

  @Test
  void aLossThatIsNotANumberStopsTheRunAtItsStep() throws IOException {
    Recipe recipe = tiny.dense();
    Path out = tiny.path("run");
    try (Trainer trainer = Trainer.begin(recipe, out, TrainingListener.SILENT)) {
      trainer.train(1);
      try (NoGradGuard _ = new NoGradGuard()) {
        Tensor norm = trainer.model().parameters().get("model.norm.weight");
        norm.fill_(new Scalar(Double.NaN));
      }
      String message = assertThrows(UserError.class, trainer::train).getMessage();
      assertTrue(message.startsWith("the loss is NaN"), message);
      assertTrue(message.contains("at step 2"), message);
      assertTrue(message.contains("the last good checkpoint is " + out.resolve("step-000001")));
    }
  }
}
