package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.demo.DemoFiles;

/**
 * Training loses nothing unseen: 20 steps on the embedded model with one thread and one seed give
 * the losses that are committed as text. HACKING.md says how to demand every bit and how to write
 * them anew.
 */
class PinnedCurvesTest {
  /** What CPUs differ by: sums in other orders, and now and then another choice of a neuron. */
  private static final double TOLERANCE = 1e-3;

  private static final boolean EXACT = "exact".equals(System.getenv("MOM_PINNED"));
  private static final String OUT = System.getenv("MOM_PINNED_OUT");

  /** Two rows a step, each a micro-batch of its own, so that what adds up over them is pinned. */
  private static final String RECIPE =
      """
      model: demo/dense
      method: %s
      data:
        train: demo/train.u16
        row: 125
      train:
        steps: 20
        batch_tokens: 248
        micro_batch_rows: 1
        lr: 4e-4
        precision: fp32
        threads: 1
        seed: 1
      """;

  @TempDir static Path folder;

  @BeforeAll
  static void layOutTheEmbeddedModel() {
    DemoFiles.writeTo(folder.resolve("demo"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          dense            |
          mixture_of_masks | masks: {experts: 4, calibration_tokens: 2048, distillation: 0.5}
          moefication      | moefication: {experts: 8, top_k: 4, calibration_tokens: 2048}
          """)
  void theLossOfEveryStepIsTheCommittedOne(String method, String options) throws IOException {
    LossCurve curve = train(method, options == null ? "" : options);
    if (OUT != null) {
      Path out = Files.createDirectories(Path.of(OUT));
      Files.writeString(out.resolve(method + ".txt"), curve.text());
    }
    LossCurve committed = committed(method);
    if (EXACT) {
      assertEquals(committed.text(), curve.text());
    }
    assertEquals(committed.losses().size(), curve.losses().size());
    double farthest = curve.farthestFrom(committed);
    assertTrue(
        farthest <= TOLERANCE,
        () ->
            "%.2e from the committed curve:%n%s%n%s"
                .formatted(farthest, committed.text(), curve.text()));
  }

  private static LossCurve train(String method, String options) throws IOException {
    Path recipe = folder.resolve(method + ".yaml");
    Files.writeString(recipe, RECIPE.formatted(method) + options + "\n");
    List<Double> losses = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void step(Step progress) {
            losses.add(progress.loss());
          }
        };
    Path run = folder.resolve(method);
    try (Trainer trainer = Trainer.begin(Methods.read(recipe, List.of()), run, listener)) {
      trainer.train();
    }
    return new LossCurve(losses);
  }

  private static LossCurve committed(String method) throws IOException {
    String name = "/pinned-curves/%s.txt".formatted(method);
    try (InputStream in = PinnedCurvesTest.class.getResourceAsStream(name)) {
      assertTrue(in != null, name + " is missing: MOM_PINNED_OUT writes it");
      return LossCurve.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
