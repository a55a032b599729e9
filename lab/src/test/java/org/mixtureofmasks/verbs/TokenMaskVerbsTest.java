package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.cli.Main;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

/** What the verbs say of a model with token masks. */
class TokenMaskVerbsTest {
  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void makeTheModel() throws IOException {
    Path run = run(folder, "inputs");
    model = folder.resolve("sparse");
    RunModel.of(FinishedRun.open(run)).write(model, Optional.empty(), Optional.empty());
  }

  /** A run without steps of a dense model of 64 neurons, which lies beside it with its rows. */
  private static Path run(Path folder, String choice) throws IOException {
    TinyRun tiny = new TinyRun(folder, 64);
    Path run = tiny.path("run");
    String options =
        "token_masks: {choice: %s, split: uniform, calibration_tokens: 64, target: %s}\n"
            .formatted(choice, choice.equals("inputs") ? 0.5 : 0.6);
    try (Trainer trainer =
        Trainer.begin(
            tiny.recipe("token_masks", options, "train.steps=0"), run, TrainingListener.SILENT)) {
      trainer.train();
    }
    return run;
  }

  /** What a verb prints, to both streams. */
  private static String said(int exit, Object... words) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    PrintStream both = new PrintStream(all, true, StandardCharsets.UTF_8);
    System.setOut(both);
    System.setErr(both);
    try {
      String[] arguments = Arrays.stream(words).map(String::valueOf).toArray(String[]::new);
      assertEquals(exit, Main.run(arguments), () -> all.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  private static JsonNode json(String said) throws IOException {
    return new ObjectMapper().readTree(said.substring(said.indexOf('{')));
  }

  @Test
  void inspectTellsSharesAndWhatIsKept() throws IOException {
    String text = said(0, "inspect", model);
    assertTrue(text.contains("each token reads what is above two thresholds"), text);
    assertTrue(text.contains("50.0 % of the weights per token (target 50.0 %)"), text);
    assertTrue(text.contains("60.0 % by a token, mean over layers; 60.0 to 60.0 %"), text);
    JsonNode i = json(said(0, "inspect", model, "--json"));
    assertEquals("token_masks", i.path("architecture").textValue());
    assertEquals(0.5, i.path("active_ffn_share").doubleValue(), 1e-6);
    assertEquals(0.3, i.at("/token_masks/layers/1/kept_neurons").doubleValue(), 1e-6);
    assertTrue(i.path("sparsify").isMissingNode(), "it is sparse already");
  }

  @Test
  void evaluateAndBenchMeasureWhatTokensKeep() throws IOException {
    Path rows = folder.resolve("valid.u16");
    JsonNode judged = json(said(0, "evaluate", model, "--tokens", rows, "--row", 9, "--json"));
    double share = judged.findValue("active_ffn_share_measured").doubleValue();
    assertEquals(0.5, share, 0.1);
    assertTrue(judged.findValue("share_all_in_measured").doubleValue() >= share);
    JsonNode timed =
        json(
            said(
                0,
                "bench",
                model,
                "--prompt-tokens",
                4,
                "--tokens",
                4,
                "--repetitions",
                1,
                "--batch",
                2,
                "--json"));
    assertTrue(timed.findValue("active_ffn_share_measured").doubleValue() > 0);
  }

  @Test
  void itIsNotMadeSparseAgain() {
    Path out = folder.resolve("out");
    String again =
        said(1, "sparsify", folder.resolve("recipe.yaml"), "--set", "model=" + model, "--out", out);
    assertTrue(again.contains("sparse is sparse already: give the dense model"), again);
  }

  @ParameterizedTest
  @ValueSource(strings = {"inputs", "preview"})
  void anAnalysisTellsWhatAnObserverHears(String choice) throws IOException {
    Path run = run(Files.createDirectories(folder.resolve(choice)), choice);
    Path rows = folder.resolve(choice).resolve("valid.u16");
    RunModel.of(FinishedRun.open(run))
        .write(run.resolve("model"), Optional.empty(), Optional.empty());
    Path out = folder.resolve("out");
    JsonNode printed =
        json(
            said(
                0,
                "analyse",
                run,
                "--tokens",
                rows,
                "--row",
                9,
                "--reference",
                folder.resolve(choice).resolve("model"),
                "--out",
                out,
                "--json"));
    JsonNode json = new ObjectMapper().readTree(out.resolve("analysis.json").toFile());
    assertEquals("mom-analysis/1", json.path("schema").textValue());
    assertEquals(choice, json.at("/model/choice").textValue());
    assertEquals(80, json.path("tokens").intValue());
    for (String ofExperts : List.of("experts_prefer", "paths", "removal", "history")) {
      assertTrue(json.path(ofExperts).isMissingNode(), ofExperts);
    }
    KeptByHand heard = KeptByHand.of(run.resolve("model"), rows);
    double active = 0;
    for (int l = 0; l < 2; l++) {
      JsonNode layer = json.path("layers").path(l);
      heard.check(l, layer);
      heard.checkPositions(l, json.path("positions"));
      double inputs = layer.at("/kept_inputs/mean").doubleValue();
      double neurons = layer.at("/kept_neurons/mean").doubleValue();
      double share = choice.equals("inputs") ? (2 * inputs + neurons) / 3 : neurons;
      assertEquals(share, layer.path("active_share").doubleValue(), 1e-5);
      JsonNode ofData = json.at("/domains/kept_neurons/%d/0".formatted(l));
      assertEquals(neurons, ofData.doubleValue(), 1e-6, "there is one data set");
      assertTrue(layer.at("/output_error/relative_squared").doubleValue() > 0);
      active += share / 2;
    }
    assertEquals(active, json.path("active_ffn_share_measured").doubleValue(), 1e-5);
    assertEquals(active, printed.path("active_ffn_share_measured").doubleValue(), 1e-5);
    assertTrue(printed.path("share_all_in_measured").doubleValue() > active, printed.toString());
    JsonNode most = json.at("/tokens_by_neurons/most/0");
    assertTrue(most.path("count").intValue() >= 5, most.toString());
    String report = Files.readString(out.resolve("report.html"));
    for (String part : List.of("kept", "positions", "frequency", "neighbours", "error", "tokens")) {
      assertTrue(report.contains("<section id=\"%s\"".formatted(part)), part);
    }
    assertTrue(report.contains("Not in this report: What data sets keep (comes with two data"));
    assertTrue(printed.path("warning").textValue().startsWith("Only 80 tokens: a neuron"));
  }

  @Test
  void removalOfExpertsIsRefusedInOneLine() {
    Path rows = folder.resolve("valid.u16");
    Path out = folder.resolve("out");
    String refused =
        said(
            2,
            "analyse",
            model,
            "--tokens",
            rows,
            "--row",
            9,
            "--removal-tokens",
            100,
            "--out",
            out);
    assertTrue(refused.contains("has token masks and no experts to remove"), refused);
    assertEquals(1, refused.lines().filter(line -> line.startsWith("mom: ")).count(), refused);
    said(0, "analyse", model, "--tokens", rows, "--row", 9, "--no-removal", "--out", out);
  }
}
