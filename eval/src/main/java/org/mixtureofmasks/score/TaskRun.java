package org.mixtureofmasks.score;

import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.OutputType;
import org.mixtureofmasks.task.Question;

/** Asks a model all questions of a task. */
public final class TaskRun {
  /** Requests in one call: enough to share prefixes and fill passes, few enough to keep. */
  private static final int REQUESTS_AT_ONCE = 1024;

  private final LoadedTask task;
  private final LanguageModel model;

  /**
   * @param task what is asked
   * @param model who is asked
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
    if (task.questions().isEmpty()) {
      throw new UserError(task.file() + ": has no documents for " + task.name());
    }
    Usage before = model.usage();
    long start = System.nanoTime();
    List<Question> questions = task.questions();
    List<List<LanguageModel.Score>> scores = new ArrayList<>();
    while (scores.size() < questions.size()) {
      int from = scores.size();
      int to = end(from);
      Progress within =
          (done, total) -> progress.at(from + done * (to - from) / total, questions.size());
      scores.addAll(ask(questions.subList(from, to), within));
      progress.at(to, questions.size());
    }
    double seconds = (System.nanoTime() - start) * 1e-9;
    Usage used = model.usage().minus(before);
    return new TaskScores(scores, seconds, used.tokens(), used.shares());
  }

  /** Where the questions from one place on that are asked together end. */
  private int end(int from) {
    int requests = 0;
    int to = from;
    do {
      requests += task.questions().get(to++).asks().size();
    } while (to < task.questions().size() && requests < REQUESTS_AT_ONCE);
    return to;
  }

  private List<List<LanguageModel.Score>> ask(List<Question> questions, Progress within) {
    List<LanguageModel.Score> flat;
    try {
      flat = scores(questions, within);
    } catch (UserError e) {
      throw questions.size() == 1 ? named(questions.getFirst(), e) : narrowed(questions, e);
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

  private List<LanguageModel.Score> scores(List<Question> questions, Progress within) {
    List<Question.Ask> asks = questions.stream().flatMap(q -> q.asks().stream()).toList();
    if (task.output() == OutputType.LOGLIKELIHOOD_ROLLING) {
      List<LanguageModel.Score> scores = new ArrayList<>();
      for (Question.Ask ask : asks) {
        scores.add(model.logLikelihoodRolling(ask.continuation()));
        within.at(scores.size(), asks.size());
      }
      return scores;
    }
    return model.logLikelihood(
        asks.stream().map(a -> new LanguageModel.Request(a.context(), a.continuation())).toList(),
        within);
  }

  /** A model speaks of requests; which document it was shows when each is asked alone. */
  private UserError narrowed(List<Question> questions, UserError error) {
    for (Question question : questions) {
      try {
        scores(List.of(question), (_, _) -> {});
      } catch (UserError e) {
        return named(question, e);
      }
    }
    return new UserError(
        task.name()
            + ", documents "
            + questions.getFirst().id()
            + " to "
            + questions.getLast().id()
            + ": "
            + error.getMessage(),
        error);
  }

  private UserError named(Question question, UserError error) {
    return new UserError(
        task.name() + ", document " + question.id() + ": " + error.getMessage(), error);
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
