package org.mixtureofmasks.study;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A study as its file says it: rows of runs over one base model.
 *
 * @param file the study's file, for errors
 * @param question what the study is to answer, one sentence
 * @param recipe the recipe that all runs share
 * @param settings overrides for all runs, dotted key to value as a recipe writes it
 * @param parallel runs side by side, at least 1
 * @param threads of each run, at least 1; part of a run's identity
 * @param anyTokens whether runs may train on different numbers of tokens; they are compared at
 *     equal ones
 * @param judgement what finished models are judged by beside the loss over evaluate.rows
 * @param rows at least one; exactly one is the reference
 */
public record Study(
    Path file,
    String question,
    Path recipe,
    SequencedMap<String, String> settings,
    int parallel,
    int threads,
    boolean anyTokens,
    Judgement judgement,
    List<Row> rows) {

  /**
   * A row of the study: as many runs as its lists and seeds have combinations.
   *
   * @param line of the study's file
   * @param name label in tables; {@code {key}} stands for that setting's value
   * @param method the recipe's key {@code method}
   * @param seeds values of train.seed
   * @param reference whether the others are compared with it
   * @param share active share of the FFN that it is compared at, where the method's own target has
   *     to be another to meet it: a threshold's share depends on the text
   * @param settings dotted key to its values
   */
  public record Row(
      int line,
      String name,
      String method,
      List<Integer> seeds,
      boolean reference,
      Optional<Double> share,
      SequencedMap<String, List<String>> settings) {
    public Row {
      seeds = List.copyOf(seeds);
      settings = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(settings));
    }
  }

  public Study {
    settings = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(settings));
    rows = List.copyOf(rows);
  }
}
