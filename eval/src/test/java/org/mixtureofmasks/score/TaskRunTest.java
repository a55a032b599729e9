package org.mixtureofmasks.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.score.SmallTasks.choice;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.tokenizer.Tokenizer;

class TaskRunTest {
  private static final LoadedTask STORIES =
      SmallTasks.choices(
          "stories",
          null,
          choice(0, "Once upon a", 0, "time", "queen of numbers"),
          choice(1, "One day, she saw a big red", 1, "because", "ball"),
          choice(2, "She loved to play outside in the", 1, "idea", "park"));

  @TempDir private Path folder;

  @Test
  void aModelOfStoriesPrefersTheirEndingsAndProgressEndsAtAllQuestions() {
    List<Long> heard = new ArrayList<>();
    TaskScores scores = run(STORIES, heard);
    TaskResult result = SmallTasks.result(STORIES, scores);
    assertEquals(1.0, result.summary().estimates().get(Metric.ACC).value());
    assertEquals(0.5, result.summary().chance());
    assertEquals(Shares.DENSE, scores.shares().orElseThrow());
    assertTrue(scores.tokens() > 20);
    assertEquals(3, heard.getLast());
  }

  @Test
  void whatIsKeptIsExactlyWhatWasScoredAndCountsForNothingElse() throws Exception {
    TaskScores scores = run(STORIES, new ArrayList<>());
    KeptScores kept = new KeptScores(folder, SmallTasks.model("a"));
    assertTrue(kept.find(STORIES).isEmpty());
    kept.save(STORIES, scores);
    assertEquals(scores, kept.find(STORIES).orElseThrow());
    LoadedTask fewer = SmallTasks.choices("stories", null, STORIES.questions().getFirst());
    assertTrue(kept.find(fewer).isEmpty(), "another limit");
    assertTrue(new KeptScores(folder, SmallTasks.model("b")).find(STORIES).isEmpty());
    Files.writeString(
        kept.file(STORIES), Files.readString(kept.file(STORIES)).replace("true", "1"));
    String error = assertThrows(BadCheckpoint.class, () -> kept.find(STORIES)).getMessage();
    assertTrue(error.contains("--fresh"), error);
  }

  @Test
  void aLogProbabilityThatIsNoNumberNamesTaskDocumentAndChoice() {
    for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      LanguageModel broken = saying(r -> r.continuation().equals(" ball") ? bad : -1);
      String error =
          assertThrows(UserError.class, () -> new TaskRun(STORIES, broken).run((_, _) -> {}))
              .getMessage();
      assertTrue(error.startsWith("stories, document 1, choice 1: "), error);
      assertTrue(error.contains(String.valueOf(bad)), error);
    }
  }

  @Test
  void aRequestThatTheModelRefusesNamesItsDocument() {
    LanguageModel refusing =
        saying(
            r -> {
              if (r.context().startsWith("She")) {
                throw new UserError("too long");
              }
              return -1;
            });
    String error =
        assertThrows(UserError.class, () -> new TaskRun(STORIES, refusing).run((_, _) -> {}))
            .getMessage();
    assertEquals("stories, document 2: too long", error);
  }

  private static TaskScores run(LoadedTask task, List<Long> heard) {
    try (Model llama = Model.open(TestFiles.stories(), LoadOptions.defaults());
        Tokenizer tokenizer = Tokenizer.open(TestFiles.stories())) {
      return new TaskRun(task, new LocalLanguageModel(llama, tokenizer, 2))
          .run((done, total) -> heard.add(done));
    }
  }

  /** A model that gives each request the log-probability that a function says. */
  private static LanguageModel saying(ToDoubleFunction<LanguageModel.Request> logProbability) {
    return new LanguageModel() {
      @Override
      public List<Score> logLikelihood(List<Request> requests, Progress progress) {
        return requests.stream()
            .map(r -> new Score(logProbability.applyAsDouble(r), false, 1))
            .toList();
      }

      @Override
      public Score logLikelihoodRolling(String text) {
        throw new UnsupportedOperationException();
      }

      @Override
      public GenerationResult generate(String context, GenerationOptions options) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Usage usage() {
        return Usage.UNKNOWN;
      }
    };
  }
}
