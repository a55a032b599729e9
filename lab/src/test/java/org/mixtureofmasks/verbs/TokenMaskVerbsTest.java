package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    TinyRun tiny = new TinyRun(folder);
    Path run = tiny.path("run");
    String options = "token_masks: {split: uniform, calibration_tokens: 64}\n";
    try (Trainer trainer =
        Trainer.begin(
            tiny.recipe("token_masks", options, "train.steps=0"), run, TrainingListener.SILENT)) {
      trainer.train();
    }
    model = tiny.path("sparse");
    RunModel.of(FinishedRun.open(run)).write(model, Optional.empty(), Optional.empty());
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
  void itIsNeitherAnalysedNorMadeSparseAgain() throws IOException {
    Path rows = folder.resolve("valid.u16");
    Path out = folder.resolve("out");
    String analysed = said(1, "analyse", model, "--tokens", rows, "--row", 9, "--out", out);
    assertTrue(analysed.contains("has token masks, each token its own"), analysed);
    String again =
        said(1, "sparsify", folder.resolve("recipe.yaml"), "--set", "model=" + model, "--out", out);
    assertTrue(again.contains("sparse is sparse already: give the dense model"), again);
  }
}
