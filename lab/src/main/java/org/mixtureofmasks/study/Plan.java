package org.mixtureofmasks.study;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.tokenizer.Tokenizer;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.Settings;
import org.mixtureofmasks.train.Trainer;

/**
 * All runs of a study, each checked as far as it can be without running it.
 *
 * @param parent hash of the dense model
 * @param runs in the order of the study's rows; two rows may ask for the same run
 */
public record Plan(Study study, Path model, String parent, List<PlannedRun> runs) {
  private static final Pattern PLACE = Pattern.compile("\\{([\\w.]+)}");

  /** Keys that a study has words of its own for. */
  private static final Map<String, String> OWN =
      Map.of("method", "method", "train.seed", "seeds", "train.threads", "threads");

  /** What must not differ between runs that are compared. */
  private static final List<Key<?>> COMMON =
      List.of(RunKeys.MODEL, RunKeys.DATA_TRAIN, RunKeys.ROW, RunKeys.ORDER, RunKeys.EVALUATE_ROWS);

  public Plan {
    runs = List.copyOf(runs);
  }

  /**
   * Expands and checks a study; nothing is written.
   *
   * @throws UserError in one line that names study, run and key
   */
  public static Plan of(Study study) {
    List<PlannedRun> runs = new ArrayList<>();
    Optional<Dense> dense = Optional.empty();
    Map<String, String> known = new HashMap<>();
    UnaryOperator<String> contents =
        file -> known.computeIfAbsent(file, f -> Fingerprint.of(Path.of(f)));
    for (Study.Row row : study.rows()) {
      for (SequencedMap<String, String> options : combinations(row)) {
        for (int seed : row.seeds()) {
          String at = study.file() + ":" + row.line() + ": run '" + row.name() + "'";
          List<String> overrides = overrides(study, row, options, seed, at);
          try {
            Recipe recipe = Methods.read(study.recipe(), overrides);
            Settings settings = Settings.of(recipe);
            Dense model = dense.orElseGet(() -> Dense.of(recipe, settings.model()));
            dense = Optional.of(model);
            Methods.create(recipe, model.config());
            runs.add(
                new PlannedRun(
                    label(study, row, options, at),
                    row.method(),
                    options,
                    row.reference(),
                    row.share().orElse(Methods.provider(recipe).target(recipe)),
                    seed,
                    settings.tokens(),
                    overrides,
                    recipe,
                    PlannedRun.hash(recipe, model.hash(), contents)));
          } catch (UserError e) {
            String line =
                e.getMessage().startsWith(at) ? e.getMessage() : at + ": " + e.getMessage();
            throw e.exitCode() == UserError.USAGE ? UserError.usage(line) : new UserError(line, e);
          }
          requireComparable(study, runs.getFirst(), runs.getLast(), at);
        }
      }
    }
    requireDistinctLabels(study, runs);
    Path model = Path.of(runs.getFirst().recipe().get(RunKeys.MODEL));
    if (study.judgement().reads()) {
      requireTokenizer(study, model);
    }
    return new Plan(study, model, dense.orElseThrow().hash(), runs);
  }

  /** The model that all runs begin with, as the first one's checks found it. */
  private record Dense(String hash, ModelConfig config) {
    static Dense of(Recipe recipe, Path model) {
      Trainer.check(recipe);
      try (Checkpoint checkpoint = Checkpoints.open(model)) {
        return new Dense(Fingerprint.of(model), ConfigReader.read(checkpoint));
      }
    }
  }

  /** Tasks and texts are of words. */
  private static void requireTokenizer(Study study, Path model) {
    try (Tokenizer _ = Tokenizer.open(model)) {
      return;
    } catch (UserError e) {
      throw new UserError("%s: tasks and texts: %s".formatted(study.file(), e.getMessage()), e);
    }
  }

  /** Every combination of a row's values, the last key changing fastest. */
  private static List<SequencedMap<String, String>> combinations(Study.Row row) {
    List<SequencedMap<String, String>> all = List.of(new LinkedHashMap<>());
    for (var setting : row.settings().entrySet()) {
      List<SequencedMap<String, String>> longer = new ArrayList<>();
      for (var before : all) {
        for (String value : setting.getValue()) {
          SequencedMap<String, String> one = new LinkedHashMap<>(before);
          one.put(setting.getKey(), value);
          longer.add(one);
        }
      }
      all = longer;
    }
    return all;
  }

  private static List<String> overrides(
      Study study, Study.Row row, Map<String, String> options, int seed, String at) {
    SequencedMap<String, String> all = new LinkedHashMap<>(study.settings());
    all.putAll(options);
    for (String key : all.keySet()) {
      if (OWN.containsKey(key)) {
        throw UserError.usage(
            "%s: set: %s: a study says it by its own key '%s'".formatted(at, key, OWN.get(key)));
      }
      boolean path =
          Methods.sections().stream()
              .flatMap(section -> section.keys().stream())
              .filter(known -> known.name().equals(key))
              .anyMatch(k -> k.kind() instanceof Kind.PathName || k.kind() instanceof Kind.Sources);
      if (path) {
        throw UserError.usage(
            "%s: set: %s: files belong into the recipe %s".formatted(at, key, study.recipe()));
      }
    }
    all.put("method", row.method());
    all.put("train.seed", Integer.toString(seed));
    all.put("train.threads", Integer.toString(study.threads()));
    return all.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
  }

  private static String label(Study study, Study.Row row, Map<String, String> options, String at) {
    Map<String, String> known = new LinkedHashMap<>(study.settings());
    known.putAll(options);
    Matcher place = PLACE.matcher(row.name());
    StringBuilder label = new StringBuilder();
    while (place.find()) {
      String value = known.get(place.group(1));
      if (value == null) {
        throw UserError.usage(
            "%s: name: {%s} is none of the run's settings%s"
                .formatted(at, place.group(1), Nearest.hint(place.group(1), known.keySet())));
      }
      place.appendReplacement(label, Matcher.quoteReplacement(value));
    }
    return place.appendTail(label).toString();
  }

  private static void requireComparable(Study study, PlannedRun first, PlannedRun run, String at) {
    for (Key<?> key : COMMON) {
      if (!first.recipe().get(key).equals(run.recipe().get(key))) {
        throw UserError.usage(
            "%s: %s differs from the first run's: then nothing can be compared"
                .formatted(at, key.name()));
      }
    }
    if (run.recipe().get(RunKeys.EVALUATE_ROWS).isEmpty()) {
      throw UserError.usage(
          "%s: evaluate.rows is empty: name files of rows to judge by in the recipe".formatted(at));
    }
    // A training-free run has no budget that could flatter it.
    if (!study.anyTokens()
        && run.tokens() != 0
        && first.tokens() != 0
        && run.tokens() != first.tokens()) {
      throw UserError.usage(
          ("%s: it trains on %s tokens, the first run on %s: set train.steps (or"
                  + " train.tokens) and train.batch_tokens alike, or say 'tokens: any'")
              .formatted(at, run.tokens(), first.tokens()));
    }
  }

  /** Runs of one label and target are seeds of one thing. */
  private static void requireDistinctLabels(Study study, List<PlannedRun> runs) {
    Map<String, PlannedRun> seen = new LinkedHashMap<>();
    for (PlannedRun run : runs) {
      PlannedRun other = seen.putIfAbsent(run.label() + '\0' + run.target(), run);
      if (other != null
          && !(other.options().equals(run.options()) && other.method().equals(run.method()))) {
        throw UserError.usage(
            ("%s: two different runs are called '%s' at the same target: put what differs into"
                    + " the name, such as {%s}")
                .formatted(
                    study.file(),
                    run.label(),
                    run.options().isEmpty()
                        ? "masks.experts"
                        : run.options().lastEntry().getKey()));
      }
      if (run.reference() && other != null && other.seed() == run.seed()) {
        throw UserError.usage("%s: the reference stands there twice".formatted(study.file()));
      }
    }
    List<PlannedRun> references = runs.stream().filter(PlannedRun::reference).toList();
    long things = references.stream().map(PlannedRun::options).distinct().count();
    long budgets = references.stream().map(PlannedRun::tokens).distinct().count();
    if (things != (study.anyTokens() ? budgets : 1)) {
      throw UserError.usage(
          ("%s: the reference's set has lists of values: it must be one thing to compare with,"
                  + " or with 'tokens: any' one for each number of tokens")
              .formatted(study.file()));
    }
  }
}
