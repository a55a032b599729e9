package org.mixtureofmasks.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.recipe.RunKeys;

class PlanTest {
  private static final String MASKS =
      """
        - name: MoM E = {masks.experts}
          method: mixture_of_masks
          set: {masks.target: [0.75, 0.5], masks.experts: [2, 3], masks.calibration_tokens: 64}
      """;

  @TempDir Path folder;
  private TinyStudy tiny;

  @BeforeEach
  void makeTheModel() throws IOException {
    tiny = new TinyStudy(folder);
  }

  private String refusal(String top, String runs) throws IOException {
    Path file = tiny.file(top, runs);
    UserError error = assertThrows(UserError.class, () -> Plan.of(StudyReader.read(file)));
    assertEquals(UserError.USAGE, error.exitCode());
    assertEquals(1, error.getMessage().lines().count(), error.getMessage());
    assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
    return error.getMessage().substring(file.toString().length());
  }

  private static String masks(String set) {
    return TinyStudy.DENSE
        + "  - name: masks\n    method: mixture_of_masks\n    set: {"
        + set
        + "}\n";
  }

  @Test
  void listsAndSeedsExpandToTheMatrix() throws IOException {
    Plan plan = tiny.plan("seeds: [1, 2]\n", TinyStudy.DENSE + MASKS);
    assertEquals(1 + 2 * 2 * 2, plan.runs().size());
    assertEquals(
        List.of(
            "dense, continued 1.0 1",
            "MoM E = 2 0.75 1",
            "MoM E = 2 0.75 2",
            "MoM E = 3 0.75 1",
            "MoM E = 3 0.75 2",
            "MoM E = 2 0.5 1",
            "MoM E = 2 0.5 2",
            "MoM E = 3 0.5 1",
            "MoM E = 3 0.5 2"),
        plan.runs().stream().map(r -> r.label() + " " + r.target() + " " + r.seed()).toList());
    assertEquals(9, plan.runs().stream().map(PlannedRun::hash).distinct().count());
    for (PlannedRun run : plan.runs()) {
      assertEquals(1, run.recipe().get(RunKeys.THREADS), "the recipe's 2 give way");
      assertEquals(96, run.tokens());
    }
  }

  @Test
  void aRunIsComparedAtTheShareThatItsRowSaysButTrainsForItsOwnTarget() throws IOException {
    String aside = TinyStudy.DENSE + MASKS.replace("[0.75, 0.5]", "0.49");
    PlannedRun own = tiny.plan("", aside).runs().getLast();
    PlannedRun said = tiny.plan("", aside + "    share: 0.5\n").runs().getLast();
    assertEquals(0.49, own.target());
    assertEquals(0.5, said.target());
    assertEquals(own.hash(), said.hash());
    assertTrue(refusal("", aside + "    share: 1.5\n").contains("share: "));
  }

  @Test
  void theHashIsOfWhatTheRunComputesAndOfItsParent() throws IOException {
    PlannedRun dense = tiny.plan("", TinyStudy.DENSE).runs().getFirst();
    String renamed = TinyStudy.DENSE.replace("dense, continued", "upper bound");
    assertEquals(dense.hash(), tiny.plan("", renamed).runs().getFirst().hash());
    assertNotEquals(
        dense.hash(),
        tiny.plan("", TinyStudy.DENSE.replace("[1]", "[2]")).runs().getFirst().hash());
    assertNotEquals(dense.hash(), PlannedRun.hash(dense.recipe(), "sha256:another", f -> "a"));
    String one = PlannedRun.hash(dense.recipe(), "sha256:parent", f -> "a");
    assertEquals(one, PlannedRun.hash(dense.recipe(), "sha256:parent", f -> "a"));
    assertNotEquals(one, PlannedRun.hash(dense.recipe(), "sha256:parent", f -> "b"));
  }

  @Test
  void anUnknownKeyOfTheStudyIsRefusedWithTheNearestOne() throws IOException {
    assertEquals(
        ":5: unknown key 'paralel' (did you mean 'parallel'?)",
        refusal("paralel: 2\n", TinyStudy.DENSE));
    assertEquals(
        ":10: unknown key 'seed' (did you mean 'seeds'?)",
        refusal("", TinyStudy.DENSE + "    seed: 3\n"));
  }

  @Test
  void aSettingThatNoMethodHasIsRefusedWithTheRunAndTheNearestOne() throws IOException {
    String line = refusal("", masks("masks.expert: [2, 3]"));
    assertTrue(line.startsWith(":10: run 'masks': "), line);
    assertTrue(line.endsWith("unknown key 'masks.expert' (did you mean 'masks.experts'?)"), line);
    String foreign = refusal("", TinyStudy.DENSE + "    set: {masks.experts: 3}\n");
    assertTrue(foreign.contains("masks.experts belongs to the method mixture_of_masks"), foreign);
  }

  @Test
  void whatTheMethodCannotDoIsRefusedBeforeAnythingRuns() throws IOException {
    String k = refusal("", masks("masks.experts: 3, masks.top_k: 4, masks.calibration_tokens: 64"));
    assertTrue(k.startsWith(":10: run 'masks': masks.top_k is 4"), k);
    String block = refusal("", masks("masks.block: 16, masks.calibration_tokens: 64"));
    assertTrue(block.contains("masks.block is 16, which does not divide the model's 24"), block);
  }

  @Test
  void whatCannotBeComparedIsRefused() throws IOException {
    String budget = refusal("", masks("train.steps: 3, masks.calibration_tokens: 64"));
    assertTrue(budget.contains("it trains on 144 tokens, the first run on 96"), budget);
    String order = refusal("", masks("data.order: sequential, masks.calibration_tokens: 64"));
    assertTrue(order.contains("data.order differs from the first run's"), order);
    String files = refusal("", masks("data.train: a.u16"));
    assertTrue(files.contains("data.train: files belong into the recipe"), files);
    String twice = refusal("", masks("masks.experts: [2, 3], masks.calibration_tokens: 64"));
    assertTrue(twice.contains("two different runs are called 'masks' at the same target"), twice);
  }

  @Test
  void rowsOfWideIdsAreCompared() throws IOException {
    Path recipe = folder.resolve("recipe.yaml");
    Files.writeString(recipe, Files.readString(recipe).replace("valid.u16", "valid.u32"));
    Files.write(folder.resolve("valid.u32"), new byte[4 * 9]);
    assertEquals(1, tiny.plan("", TinyStudy.DENSE).runs().size());
  }

  @Test
  void aTrainingFreeRunMayStandBesideTrainedOnes() throws IOException {
    Plan plan = tiny.plan("", masks("train.steps: 0, masks.calibration_tokens: 64"));
    assertEquals(0, plan.runs().getLast().tokens());
  }

  @Test
  void runsOfDifferentTokensStandBesideEachOtherWhereTheStudySaysSo() throws IOException {
    String longer = masks("train.steps: [2, 3], masks.calibration_tokens: 64");
    String named = longer.replace("name: masks", "name: 'masks, {train.steps} steps'");
    assertTrue(refusal("tokens: equal\n", named).contains("or say 'tokens: any'"));
    Plan plan = tiny.plan("tokens: any\n", named);
    assertEquals(List.of(96L, 96L, 144L), plan.runs().stream().map(PlannedRun::tokens).toList());
    String unnamed = refusal("tokens: any\n", longer);
    assertTrue(unnamed.contains("two different runs are called 'masks'"), unnamed);
    assertTrue(refusal("tokens: all\n", named).contains("'all' is not one of equal, any"));
  }

  @Test
  void exactlyOneRunIsTheReference() throws IOException {
    String none = refusal("", TinyStudy.DENSE.replace("true", "false"));
    assertTrue(none.contains(": 0 runs say 'reference: true'"), none);
    String list = refusal("", TinyStudy.DENSE + "    set: {train.lr: [1e-3, 1e-2]}\n");
    assertTrue(list.contains("at the same target") || list.contains("the reference's set"), list);
  }

  @Test
  void keysThatTheStudyHasWordsForAreRefusedInItsSettings() throws IOException {
    String line = refusal("", TinyStudy.DENSE + "    set: {train.seed: [1, 2]}\n");
    assertTrue(line.endsWith("train.seed: a study says it by its own key 'seeds'"), line);
  }

  @Test
  void aMissingModelIsRefusedAndNothingIsWritten() throws IOException {
    Path file = tiny.file("", TinyStudy.DENSE);
    Files.delete(folder.resolve("model/model.safetensors"));
    UserError error = assertThrows(UserError.class, () -> Plan.of(StudyReader.read(file)));
    assertTrue(error.getMessage().contains("run 'dense, continued': "), error.getMessage());
  }

  @Test
  void runsOfAnotherModelOrNumberOfThreadsAreRefusedBeforeAnythingIsWritten() throws IOException {
    Plan plan = tiny.plan("", TinyStudy.DENSE);
    Path out = Files.createDirectory(folder.resolve("out"));
    for (String[] earlier :
        new String[][] {
          {"sha256:older", "1", "the dense model "}, {plan.parent(), "2", "had 2 threads each"}
        }) {
      String json = "{\"parent\": \"" + earlier[0] + "\", \"threads\": " + earlier[1] + "}";
      Files.writeString(out.resolve("study.json"), json);
      UserError error =
          assertThrows(
              UserError.class, () -> new StudyRunner(plan, out, "", "none", Progress.SILENT));
      assertTrue(error.getMessage().contains(earlier[2]), error.getMessage());
      assertFalse(Files.exists(out.resolve("runs")));
      assertEquals(json, Files.readString(out.resolve("study.json")));
    }
  }

  @Test
  void everyStudyOfTheRepositoryIsReadAndItsRunsAreResolved() throws IOException {
    List<Path> studies;
    try (Stream<Path> files = Files.list(Path.of("..", "recipes", "studies"))) {
      studies = files.filter(p -> p.toString().endsWith(".yaml")).toList();
    }
    assertFalse(studies.isEmpty());
    for (Path study : studies) {
      Plan plan = Plan.of(StudyReader.read(study));
      assertTrue(plan.runs().size() > 1, study.toString());
    }
  }
}
