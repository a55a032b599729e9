package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.mixtureofmasks.io.Json;

/**
 * A finished model beside the dense one, by what a study's judgement asks.
 *
 * @param tasks its answers
 * @param texts in the order of the study
 * @param decode tokens a second over the dense model's; NaN where it was not timed
 */
record BesideDense(Optional<TaskFigures> tasks, List<TextFigure> texts, double decode) {
  /** Of a run that ships no model, or of a study that asks nothing. */
  static final BesideDense NOTHING = new BesideDense(Optional.empty(), List.of(), Double.NaN);

  /**
   * @param name of the text's file
   * @param perplexity of its tokens
   * @param dense the dense model's
   */
  record TextFigure(String name, double perplexity, double dense) {
    double overDense() {
      return perplexity / dense;
    }
  }

  BesideDense {
    texts = List.copyOf(texts);
  }

  /**
   * What lies in the folders; empty if something is missing that models have to read for.
   *
   * @param dense what the dense model was asked
   * @param model what the run's model was asked
   */
  static Optional<BesideDense> read(Judgement judgement, Examination dense, Examination model) {
    Optional<TaskFigures> tasks = model.tasks();
    if (tasks.isEmpty() && judgement.tasks().isPresent()) {
      return Optional.empty();
    }
    List<TextFigure> texts = new ArrayList<>();
    for (Judgement.Text text : judgement.texts()) {
      double mine = model.perplexity(text);
      double others = dense.perplexity(text);
      if (Double.isNaN(mine) || Double.isNaN(others)) {
        return Optional.empty();
      }
      texts.add(new TextFigure(text.name(), mine, others));
    }
    return Optional.of(
        new BesideDense(tasks, texts, judgement.bench() ? model.decode() : Double.NaN));
  }

  /** The first text that is called after WikiText: perplexity over the dense model's, or NaN. */
  double wikiTextOverDense() {
    return texts.stream()
        .filter(text -> text.name.toLowerCase(Locale.ROOT).contains("wiki"))
        .mapToDouble(TextFigure::overDense)
        .findFirst()
        .orElse(Double.NaN);
  }

  /** Adds the members of study.json. */
  void describe(ObjectNode json) {
    tasks.ifPresent(figures -> figures.describe(json));
    if (!texts.isEmpty()) {
      ObjectNode all = json.putObject("texts");
      for (TextFigure text : texts) {
        all.putObject(text.name)
            .put("perplexity", Json.number(text.perplexity))
            .put("over_dense", Json.number(text.overDense()));
      }
    }
    if (!Double.isNaN(decode)) {
      json.put("decode_over_dense", decode);
    }
  }
}
