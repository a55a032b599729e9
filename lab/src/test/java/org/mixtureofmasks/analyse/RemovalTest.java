package org.mixtureofmasks.analyse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.TinyRun;
import org.mixtureofmasks.train.Trainer;
import org.mixtureofmasks.train.TrainingListener;

/** On a tiny model with more experts than tokens in a sequence. */
class RemovalTest {
  private static final int EXPERTS = 8;
  private static final List<int[]> SEQUENCES =
      List.of(new int[] {3, 17, 3, 49}, new int[] {5}, new int[] {21, 8, 45, 30, 11});

  @TempDir Path folder;

  private Model model() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    Path run = tiny.path("run");
    String masks = "masks: {start: calibrated, experts: 8, calibration_tokens: 160}\n";
    try (Trainer trainer =
        Trainer.begin(
            tiny.recipe("mixture_of_masks", masks, "train.steps=0"),
            run,
            TrainingListener.SILENT)) {
      trainer.train();
    }
    Path model = tiny.path("sparse");
    RunModel.of(FinishedRun.open(run)).write(model, Optional.of(Layout.RUNS), Optional.empty());
    return Model.open(model, new LoadOptions(WeightType.AUTO, 1));
  }

  /** The loss without any shortcut. */
  private static double loss(Model model, int layer, int expert) {
    ModelState state = model.newState(16);
    if (expert >= 0) {
      state.removeExpert(layer, expert);
    }
    double[] sum = new double[1];
    for (int[] s : SEQUENCES) {
      if (s.length > 1) {
        state.truncate(0);
        model.forwardEach(
            state,
            s,
            0,
            s.length - 1,
            (i, logits) -> sum[0] -= Removal.logProbability(logits, s[i + 1]));
      }
    }
    return sum[0] / 7;
  }

  @Test
  void eachExpertsLossIsThatOfAModelWithoutItAndUnusedOnesCostNothing() throws IOException {
    try (Model model = model()) {
      ModelState state = model.newState(16);
      RoutingTally tally = new RoutingTally(model.config(), 1);
      state.observe(tally);
      for (int[] ids : SEQUENCES) {
        DataSet.Sequence sequence = new DataSet.Sequence(ids, 0);
        state.truncate(0);
        tally.begin(0, sequence);
        model.forward(state, ids, 0, ids.length);
        tally.end();
      }
      assertArrayEquals(state.expertLoad().counts(), tally.counts(), "what the engine counts");
      Removal.Result result =
          new Removal(model, SEQUENCES).run(tally.counts(), (done, total) -> {});
      assertEquals(7, result.tokens());
      assertEquals(loss(model, 0, -1), result.baseLoss(), 1e-9);
      assertEquals(2 * EXPERTS, result.effects().size());
      int unused = 0;
      for (Removal.Effect e : result.effects()) {
        assertEquals(loss(model, e.layer(), e.expert()), e.loss(), 1e-9);
        if (tally.counts()[e.layer()][e.expert()] == 0) {
          assertEquals(result.baseLoss(), e.loss());
          unused++;
        }
      }
      assertTrue(unused > 0, "10 tokens rarely use all of 16 experts");
      assertTrue(result.effects().stream().anyMatch(e -> e.loss() != result.baseLoss()));
    }
  }

  @Test
  void logProbabilitiesAreOfTheSoftmax() {
    float[] logits = {0, (float) Math.log(3), 1000};
    assertEquals(Math.log(3) - 1000, Removal.logProbability(logits, 1), 1e-4);
    assertEquals(
        Math.log(0.25), Removal.logProbability(new float[] {0, (float) Math.log(3)}, 0), 1e-7);
  }

  @Test
  void theSampleHasAboutAsMuchOfEachDataSet() {
    List<DataSet> data =
        Stream.of(new int[] {4}, new int[] {30, 30}, new int[] {50})
            .map(
                lengths ->
                    new DataSet(
                        "d",
                        DataSet.Kind.TEXT,
                        Optional.empty(),
                        1,
                        "",
                        java.util.Arrays.stream(lengths)
                            .mapToObj(n -> new DataSet.Sequence(new int[n], 0))
                            .toList()))
            .toList();
    List<Integer> lengths = Removal.sample(data, 84).stream().map(s -> s.length).toList();
    assertEquals(List.of(4, 30, 10, 40), lengths);
  }
}
