package org.mixtureofmasks.score;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.OutputType;
import org.mixtureofmasks.task.Question;

/** Tasks of a few documents, made by hand. */
public final class SmallTasks {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private SmallTasks() {}

  /** A question whose choices follow one context. */
  public static Question choice(int id, String context, int gold, String... choices) {
    ObjectNode document = MAPPER.createObjectNode().put("question", context).put("label", gold);
    List<Question.Ask> asks =
        Arrays.stream(choices).map(c -> new Question.Ask(context, " " + c)).toList();
    return new Question(id, document, "", asks, List.of(choices), gold);
  }

  public static LoadedTask choices(String name, String group, Question... questions) {
    return task(
        name,
        Optional.ofNullable(group),
        OutputType.MULTIPLE_CHOICE,
        List.of(Metric.ACC_NORM, Metric.ACC),
        questions);
  }

  public static LoadedTask lastWord(String... texts) {
    Question[] questions = new Question[texts.length];
    for (int i = 0; i < texts.length; i++) {
      int space = texts[i].lastIndexOf(' ');
      Question.Ask ask = new Question.Ask(texts[i].substring(0, space), texts[i].substring(space));
      ObjectNode document = MAPPER.createObjectNode().put("text", texts[i]);
      questions[i] = new Question(i, document, "", List.of(ask), List.of(), 0);
    }
    return task(
        "lambada",
        Optional.empty(),
        OutputType.LOGLIKELIHOOD,
        List.of(Metric.PERPLEXITY, Metric.ACC),
        questions);
  }

  /** Pages whose text for the model is the page without spaces at its edges. */
  public static LoadedTask pages(String... pages) {
    Question[] questions = new Question[pages.length];
    for (int i = 0; i < pages.length; i++) {
      ObjectNode document = MAPPER.createObjectNode().put("page", pages[i]);
      List<Question.Ask> asks = List.of(new Question.Ask("", pages[i].strip()));
      questions[i] = new Question(i, document, "", asks, List.of(), 0);
    }
    return task(
        "pages",
        Optional.empty(),
        OutputType.LOGLIKELIHOOD_ROLLING,
        List.of(Metric.WORD_PERPLEXITY, Metric.BYTE_PERPLEXITY, Metric.BITS_PER_BYTE),
        questions);
  }

  private static LoadedTask task(
      String name,
      Optional<String> group,
      OutputType output,
      List<Metric> metrics,
      Question... questions) {
    return new LoadedTask(
        name,
        group,
        "1.0",
        output,
        metrics,
        0,
        Path.of(name + ".jsonl"),
        questions.length + 5,
        List.of(questions));
  }

  /** Scores of a task whose asks have these log-probabilities, one row for each question. */
  public static TaskScores scores(double[]... logProbabilities) {
    List<List<LanguageModel.Score>> scores = new ArrayList<>();
    for (double[] question : logProbabilities) {
      scores.add(
          Arrays.stream(question).mapToObj(lp -> new LanguageModel.Score(lp, lp > -1, 1)).toList());
    }
    return new TaskScores(scores, 2.0, 100, Optional.of(new Shares(0.5, 0.625)));
  }

  /** Graded; a task of a group counts in it. */
  public static TaskResult result(LoadedTask task, TaskScores scores) {
    return TaskResult.of(task, task.group().stream().toList(), scores);
  }

  public static double[] row(double... logProbabilities) {
    return logProbabilities;
  }

  static EvaluatedModel model(String name) {
    return new EvaluatedModel(
        name, "identity of " + name, "sha256:0", "a model", "f32", 2, OptionalInt.of(512));
  }

  public static Evaluation evaluation(String name, TaskResult... tasks) {
    List<TaskResult> results = List.of(tasks);
    return new Evaluation(
        model(name),
        LocalDateTime.of(2026, 11, 24, 17, 5, 9, 120_000),
        3.5,
        OptionalInt.of(4),
        results,
        GroupResult.of(results));
  }
}
