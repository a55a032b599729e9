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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.cli.Main;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.score.LocalLanguageModel;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** The demo, shortened to masks without training: the same way from the embedded model to JSON. */
class DemoTest {
  /** Perplexity may rise by so much without any recovery; the full demo's goal is 8 %. */
  private static final double TRAINING_FREE_LOSS = 1.25;

  @TempDir static Path folder;
  private static Path out;
  private static JsonNode json;

  @BeforeAll
  static void runTheDemo() throws IOException {
    out = folder.resolve("demo");
    json = new ObjectMapper().readTree(run("demo", "--steps", "0", "--json", "--out", out));
  }

  @Test
  void theDemoMakesMeasuresAndTimesASparseModel() {
    JsonNode dense = json.get("dense");
    JsonNode sparse = json.get("sparse");
    assertEquals(0.5, sparse.get("active_ffn_share").asDouble(), 1e-6);
    assertEquals(0.5, sparse.get("active_ffn_share_measured").asDouble(), 1e-6);
    double allIn = sparse.get("share_all_in").asDouble();
    assertTrue(allIn > 0.5 && allIn < 0.6, "FFN and router: " + allIn);
    assertEquals(allIn, sparse.get("share_all_in_measured").asDouble(), 0.01);
    double loss = sparse.get("perplexity").asDouble() / dense.get("perplexity").asDouble();
    assertTrue(loss > 1 && loss < TRAINING_FREE_LOSS, "perplexity rose " + loss + " times");
    for (JsonNode model : new JsonNode[] {dense, sparse}) {
      assertTrue(model.get("decode_tokens_per_second").asDouble() > 0);
      assertTrue(model.get("bytes").asLong() > 8_000_000);
    }
    assertTrue(
        sparse.get("bytes_per_token").asLong() < 0.8 * dense.get("bytes_per_token").asLong(),
        "half of the FFN is not read");
    assertTrue(Files.exists(out.resolve("sparse/model.safetensors")));
  }

  @Test
  void denseAndSparseChoicesArePackedAndScoredAsIfEachWereAlone() throws IOException {
    String[] text = Files.readString(out.resolve("held-out.txt")).split("(?<=\\.) ", 20);
    List<LanguageModel.Request> requests = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String context = text[0] + " " + text[2 * i + 1];
      for (int choice = 2; choice < 5; choice++) {
        String ending = text[(2 * i + choice) % 19];
        requests.add(
            new LanguageModel.Request(
                context.substring(0, Math.min(300, context.length())),
                " " + ending.substring(0, Math.min(150, ending.length()))));
      }
    }
    for (String name : List.of("dense", "sparse")) {
      LoadOptions options = new LoadOptions(WeightType.F32, 2);
      try (Model model = Model.open(out.resolve(name), options);
          Tokenizer tokenizer = Tokenizer.open(out.resolve("dense"))) {
        List<LanguageModel.Score> scores =
            new LocalLanguageModel(model, tokenizer, 2).logLikelihood(requests);
        for (int i = 0; i < requests.size(); i++) {
          double alone = PlainScores.of(model, tokenizer, requests.get(i));
          LanguageModel.Score score = scores.get(i);
          double rounding = Math.max(1e-5, 1e-6 * score.tokens());
          assertEquals(alone, score.logProbability(), rounding, name + ", request " + i);
        }
      }
    }
  }

  @Test
  void aFolderThatHoldsSomethingElseIsLeftAlone() throws Exception {
    Path mine = Files.createDirectory(folder.resolve("mine"));
    Files.writeString(mine.resolve("thesis.txt"), "precious");
    assertEquals(1, Main.run("demo", "--steps", "0", "--out", mine.toString()));
    assertEquals("precious", Files.readString(mine.resolve("thesis.txt")));
  }

  private static String run(Object... arguments) {
    String[] words = new String[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i].toString();
    }
    PrintStream before = System.out;
    ByteArrayOutputStream caught = new ByteArrayOutputStream();
    System.setOut(new PrintStream(caught, true, StandardCharsets.UTF_8));
    try {
      assertEquals(0, Main.run(words));
    } finally {
      System.setOut(before);
    }
    return caught.toString(StandardCharsets.UTF_8);
  }
}
