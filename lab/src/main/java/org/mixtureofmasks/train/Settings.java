package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.data.TextPacker;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.recipe.Source;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * The loop's settings, as numbers that go together.
 *
 * @param steps optimiser steps of the run
 * @param stepRows rows of one optimiser step
 * @param microRows rows of one forward and backward pass
 * @param rowTokens input tokens of a row
 */
public record Settings(
    Recipe recipe, Path model, int steps, int stepRows, int microRows, int rowTokens) {

  /**
   * The recipe's numbers.
   *
   * @throws UserError (wrong usage) if there is nothing to train on
   */
  public static Settings of(Recipe recipe) {
    int rowTokens = recipe.get(RunKeys.ROW) - 1;
    int stepRows = Math.ceilDiv(recipe.get(RunKeys.BATCH_TOKENS), rowTokens);
    double tokens = recipe.get(RunKeys.TOKENS);
    int steps =
        tokens > 0
            ? (int) Math.ceil(tokens / ((double) stepRows * rowTokens))
            : recipe.get(RunKeys.STEPS);
    if (steps > 0 && recipe.get(RunKeys.DATA_TRAIN).isEmpty()) {
      throw UserError.usage("nothing to train on: name files under data.train");
    }
    return new Settings(
        recipe,
        Path.of(recipe.get(RunKeys.MODEL)),
        steps,
        stepRows,
        Math.min(stepRows, recipe.get(RunKeys.MICRO_BATCH_ROWS)),
        rowTokens);
  }

  /** Input tokens of the whole run. */
  public long tokens() {
    return (long) steps * stepRows * rowTokens;
  }

  int threads() {
    int threads = recipe.get(RunKeys.THREADS);
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  boolean recompute() {
    return recipe.get(RunKeys.RECOMPUTE);
  }

  Precision precision() {
    return Precision.valueOf(recipe.get(RunKeys.PRECISION).toUpperCase(Locale.ROOT));
  }

  /** The learning rates' course over a run of so many steps. */
  Schedule schedule(int steps) {
    return Schedule.of(steps, recipe.get(RunKeys.WARMUP_SHARE), recipe.get(RunKeys.MIN_LR_SHARE));
  }

  double[] weights() {
    return recipe.get(RunKeys.DATA_TRAIN).stream().mapToDouble(Source::weight).toArray();
  }

  List<Path> trainFiles() {
    return recipe.get(RunKeys.DATA_TRAIN).stream().map(s -> Path.of(s.file())).toList();
  }

  /** What the run is validated by, as the recipe names it. */
  public List<Path> validationFiles() {
    return recipe.get(RunKeys.EVALUATE_ROWS).stream().map(s -> Path.of(s.file())).toList();
  }

  /** What the finished model is judged by: held-out files, or those that validate it. */
  public List<Path> heldOutFiles() {
    List<Path> own =
        recipe.get(RunKeys.EVALUATE_HELD_OUT).stream().map(s -> Path.of(s.file())).toList();
    return own.isEmpty() ? validationFiles() : own;
  }

  /** Whether a file needs no packing: rows, or a text that the cache has. */
  public boolean isPacked(Path file) {
    if (!TextPacker.isText(file)) {
      return true;
    }
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      return new TextPacker(TextPacker.defaultCache(), tokenizer, rowTokens + 1).has(file);
    }
  }

  /** Packed rows as they are; text is packed with the model's tokenizer first, and cached. */
  public Path packed(Path file) {
    if (!TextPacker.isText(file)) {
      return file;
    }
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      return new TextPacker(TextPacker.defaultCache(), tokenizer, rowTokens + 1).pack(file);
    }
  }
}
