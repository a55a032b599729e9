package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.cli.Main;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.demo.DemoFiles;
import org.mixtureofmasks.io.TextFiles;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.perplexity.Perplexity;
import org.mixtureofmasks.tokenizer.Tokenizer;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

/** The verb as a user meets it: the embedded model with four masks, and runs of a tiny one. */
class AnalyseTest {
  private static final int REMOVAL_TOKENS = 100;

  private static DemoFiles demo;

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** The demo's model with four masks, without training: its run has the model in it. */
  @BeforeAll
  static void makeTheDemosModel(@TempDir Path shared) {
    demo = DemoFiles.writeTo(shared.resolve("demo"));
    List<String> quick =
        List.of("train.steps=0", "masks.experts=4", "masks.calibration_tokens=1024");
    try (Trainer trainer =
        Trainer.begin(Methods.read(demo.recipe(), quick), demo.run(), TrainingListener.SILENT)) {
      trainer.train();
    }
    RunModel.of(FinishedRun.open(demo.run()))
        .write(demo.run().resolve("model"), Optional.empty(), Optional.empty());
  }

  private int run(Object... arguments) {
    String[] words = Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
    out.reset();
    err.reset();
    PrintStream outBefore = System.out;
    PrintStream errBefore = System.err;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      return Main.run(words);
    } finally {
      System.setOut(outBefore);
      System.setErr(errBefore);
    }
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private static JsonNode read(Path out) throws IOException {
    return new ObjectMapper().readTree(out.resolve("analysis.json").toFile());
  }

  private static double sum(JsonNode numbers) {
    double sum = 0;
    for (JsonNode n : numbers) {
      sum += n.asDouble();
    }
    return sum;
  }

  private Path mmlu() throws IOException {
    Path mmlu = folder.resolve("mmlu");
    Files.createDirectories(mmlu.resolve("test"));
    for (String subject : List.of("astronomy", "virology", "marketing", "prehistory")) {
      Files.writeString(
          mmlu.resolve("test").resolve(subject + "_test.csv"),
          "What is " + subject + "?,one,two,three,four,A\nWhy?,\"a, b\",b,c,d,B\n");
    }
    return mmlu;
  }

  @Test
  void theExpertsOfTheEmbeddedModelAreAnalysedFromMasksToRemoval() throws IOException {
    Path to = folder.resolve("analysis");
    int exit =
        run(
            "analyse",
            demo.run(),
            "--text",
            demo.heldOut(),
            "--mmlu",
            mmlu(),
            "--limit",
            600,
            "--reference",
            demo.dense(),
            "--removal-tokens",
            200,
            "--out",
            to,
            "--json");
    assertEquals(0, exit, said());
    JsonNode json = read(to);
    JsonNode printed = new ObjectMapper().readTree(out.toByteArray());
    assertEquals(json.get("tokens"), printed.get("tokens"));
    String report = Files.readString(Path.of(printed.get("report").asText()));
    assertTrue(report.contains("prehistory") && report.endsWith("</html>\n"), "the whole report");
    assertEquals("mom-analysis/1", json.get("schema").asText());
    String command = json.get("command").asText();
    assertTrue(command.startsWith("mom analyse " + demo.run() + " --text "), command);
    assertEquals(4, json.get("model").get("experts").asInt());
    assertEquals(5, json.get("data").size());
    assertEquals(600, json.get("data").get(0).get("tokens").asInt());
    assertEquals("stem", json.get("data").get(1).get("group").asText());
    double share = 0;
    for (JsonNode layer : json.get("layers")) {
      assertEquals(1, sum(layer.get("token_share")), 1e-5);
      assertEquals(768, sum(layer.get("hits")), 0);
      double active = 0;
      for (int e = 0; e < 4; e++) {
        active +=
            layer.get("token_share").get(e).asDouble()
                * layer.get("neuron_share").get(e).asDouble();
        assertEquals(1, layer.get("jaccard").get(e).get(e).asDouble());
      }
      assertEquals(active, layer.get("active_share").asDouble(), 1e-5);
      share += layer.get("active_share").asDouble() / 4;
      double error = layer.at("/output_error/relative_squared").asDouble();
      assertTrue(error > 0 && error < 1, "masks leave most of the output: " + error);
      assertTrue(layer.at("/entropy/mean").asDouble() < Math.log(4));
    }
    assertEquals(share, json.get("active_ffn_share_measured").asDouble(), 1e-5);
    double joint = 0;
    for (JsonNode row : json.at("/paths/pairs/0/joint")) {
      joint += sum(row);
    }
    assertEquals(1, joint, 1e-4);
    assertEquals(16, json.get("experts_prefer").size());
    JsonNode subjects = json.get("subjects");
    assertEquals(4, subjects.get("names").size());
    assertTrue(subjects.get("between_mean").asDouble() > 0.5);
    assertEquals(16, json.get("removal").get("experts").size());
    assertEquals(1, json.get("history").size());
    assertEquals(0.5, json.at("/history/0/layers/0/density").asDouble(), 0.2);
  }

  @Test
  void theLossBeforeRemovalIsTheOneThatEvaluateGives() throws IOException {
    Path model = demo.run().resolve("model");
    Path to = folder.resolve("analysis");
    Object[] words = {
      "analyse",
      model,
      "--text",
      demo.heldOut(),
      "--limit",
      300,
      "--out",
      to,
      "--removal-tokens",
      REMOVAL_TOKENS
    };
    assertEquals(0, run(words), said());
    try (Model llama = Model.open(model, LoadOptions.defaults());
        Tokenizer tokenizer = Tokenizer.open(model)) {
      int[] ids = tokenizer.encode(TextFiles.read(demo.heldOut()));
      int[] first = Arrays.copyOf(ids, REMOVAL_TOKENS);
      double loss = new Perplexity(llama, 1, (done, total) -> {}).ofText(first, 0, 0).loss();
      JsonNode removal = read(to).get("removal");
      assertEquals(loss, removal.get("base_loss").asDouble(), 1e-5);
      assertEquals(REMOVAL_TOKENS - 1, removal.get("tokens").asInt());
    }
  }

  @Test
  void aTinyModelWithoutTokenizerIsAnalysedByItsRows() throws IOException {
    Path model = tiny("mixture_of_masks", "masks: {start: calibrated, experts: 3}\n");
    Path to = folder.resolve("analysis");
    Object[] words = {
      "analyse", model, "--tokens", folder.resolve("valid.u16"), "--row", 9, "--out", to
    };
    assertEquals(0, run(words), said());
    JsonNode json = read(to);
    assertEquals(80, json.get("tokens").asInt());
    assertFalse(json.get("experts_prefer").get(0).has("contexts"));
    assertFalse(json.has("subjects"));
    assertFalse(json.has("history"));
  }

  @Test
  void gatesBehindAThresholdAreAnalysedToo() throws IOException {
    Path model = tiny("dsmoe", "dsmoe: {experts: 6, target: 0.5, calibration_tokens: 160}\n");
    Path to = folder.resolve("analysis");
    Object[] words = {
      "analyse", model, "--tokens", folder.resolve("valid.u16"), "--row", 9, "--out", to
    };
    assertEquals(0, run(words), said());
    assertEquals(12, read(to).get("removal").get("experts").size());
  }

  /** The sparse model of a training-free run. */
  private Path tiny(String method, String options) throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path run = tiny.path("run");
    try (Trainer trainer =
        Trainer.begin(
            tiny.recipe(method, options, "train.steps=0"), run, TrainingListener.SILENT)) {
      trainer.train();
    }
    Path model = tiny.path("sparse");
    RunModel.of(FinishedRun.open(run)).write(model, Optional.empty(), Optional.empty());
    return model;
  }

  @Test
  void whatCannotBeAnalysedIsOneLine() throws IOException {
    Path model = tiny("mixture_of_masks", "masks: {start: calibrated, experts: 3}\n");
    Path to = folder.resolve("analysis");
    Path rows = folder.resolve("valid.u16");
    refused(2, "no data", "analyse", model, "--out", to);
    refused(2, "--row go together", "analyse", model, "--tokens", rows, "--out", to);
    refused(
        1,
        "dense model: it has no experts",
        "analyse",
        folder.resolve("model"),
        "--tokens",
        rows,
        "--row",
        9,
        "--out",
        to);
    refused(
        1,
        "--out " + rows + " is no folder",
        "analyse",
        model,
        "--tokens",
        rows,
        "--row",
        9,
        "--out",
        rows);
    refused(
        1,
        "a run without a model",
        "analyse",
        folder.resolve("run"),
        "--tokens",
        rows,
        "--row",
        9,
        "--out",
        to);
    refused(
        1,
        "is sparse: give the dense model",
        "analyse",
        model,
        "--tokens",
        rows,
        "--row",
        9,
        "--reference",
        model,
        "--out",
        to);
    refused(1, "has no tokenizer.json", "analyse", model, "--text", rows, "--out", to);
    assertFalse(Files.exists(to.resolve("analysis.json")));
  }

  private void refused(int exit, String why, Object... words) {
    assertEquals(exit, run(words), said());
    assertTrue(said().contains(why), said());
    assertEquals(1, said().lines().filter(line -> line.startsWith("mom: ")).count(), said());
  }
}
