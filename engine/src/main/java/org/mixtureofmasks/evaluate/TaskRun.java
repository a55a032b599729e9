package org.mixtureofmasks.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.OutputType;
import org.mixtureofmasks.task.Question;

/** Asks a model all questions of a task. */
public final class TaskRun {
  /** Questions asked at once: enough to sort and share prefixes, few enough to show progress. */
  private static final int QUESTIONS_AT_ONCE = 32;

  private final LoadedTask task;
  private final LanguageModel model;

  /**
   * @param task what is asked
   * @param model who is asked; for a true active share one that has been asked nothing yet
   */
  public TaskRun(LoadedTask task, LanguageModel model) {
    this.task = task;
    this.model = model;
  }

  /**
   * Runs it.
   *
   * @param progress hears questions done
   * @throws UserError if the model cannot answer, or a log-probability is not a finite number: then
   *     nothing that is made of it means anything
   */
  public TaskScores run(Progress progress) {
    long start = System.nanoTime();
    List<Question> questions = task.questions();
    List<List<LanguageModel.Score>> scores = new ArrayList<>();
    while (scores.size() < questions.size()) {
      int from = scores.size();
      int to = Math.min(questions.size(), from + QUESTIONS_AT_ONCE);
      scores.addAll(ask(questions.subList(from, to)));
      progress.at(scores.size(), questions.size());
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    if (model instanceof LlamaLanguageModel llama) {
      ExpertLoad load = llama.expertLoad();
      return new TaskScores(
          scores, seconds, load.tokens(), OptionalDouble.of(load.activeFfnShare()));
    }
    return new TaskScores(scores, seconds, 0, OptionalDouble.empty());
  }

  private List<List<LanguageModel.Score>> ask(List<Question> questions) {
    List<LanguageModel.Score> flat;
    try {
      flat = scores(questions);
    } catch (UserError e) {
      throw new UserError(
          task.name()
              + ", documents "
              + questions.getFirst().id()
              + " to "
              + questions.getLast().id()
              + ": "
              + e.getMessage(),
          e);
    }
    List<List<LanguageModel.Score>> byQuestion = new ArrayList<>();
    int next = 0;
    for (Question question : questions) {
      int asks = question.asks().size();
      List<LanguageModel.Score> own = flat.subList(next, next + asks);
      requireFinite(question, own);
      byQuestion.add(own);
      next += asks;
    }
    return byQuestion;
  }

  private List<LanguageModel.Score> scores(List<Question> questions) {
    List<Question.Ask> asks = questions.stream().flatMap(q -> q.asks().stream()).toList();
    if (task.output() == OutputType.LOGLIKELIHOOD_ROLLING) {
      return asks.stream().map(a -> model.logLikelihoodRolling(a.continuation())).toList();
    }
    return model.logLikelihood(
        asks.stream()
            .map(a -> new LanguageModel.Request(a.context(), a.continuation()))
            .toList());
  }

  private void requireFinite(Question question, List<LanguageModel.Score> scores) {
    for (int i = 0; i < scores.size(); i++) {
      double logProbability = scores.get(i).logProbability();
      if (!Double.isFinite(logProbability)) {
        throw new UserError(
            task.name()
                + ", document "
                + question.id()
                + ", choice "
                + i
                + ": the model's log-probability is "
                + logProbability
                + "; its weights or its arithmetic are broken ('mom inspect' names weights that are"
                + " not finite)");
      }
    }
  }
}
