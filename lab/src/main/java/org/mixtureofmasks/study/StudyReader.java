package org.mixtureofmasks.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.recipe.PathNames;
import org.mixtureofmasks.yaml.YamlMapping;
import org.mixtureofmasks.yaml.YamlValue;

/**
 * Reads a study's file as strictly as recipes are read. What a setting may be is checked when the
 * runs' recipes are resolved ({@link Plan}).
 */
public final class StudyReader {
  private static final int MOST = 1024;
  private static final String ANY = "any";
  private static final List<String> TOKENS = List.of("equal", ANY);

  private static final Map<String, String> KEYS = new LinkedHashMap<>();
  private static final Map<String, String> ROW_KEYS = new LinkedHashMap<>();

  static {
    KEYS.put("question", "what the study is to answer, one sentence");
    KEYS.put("recipe", "the recipe that all runs share");
    KEYS.put("set", "settings of all runs");
    KEYS.put("seeds", "seeds of every run");
    KEYS.put("parallel", "runs side by side");
    KEYS.put("threads", "threads of each run");
    KEYS.put("tokens", "whether all train on equally many tokens");
    KEYS.put("tasks", "tasks that finished models are judged by");
    KEYS.put("texts", "text files that finished models are judged by");
    KEYS.put("bench", "whether decoding is timed beside the dense model");
    KEYS.put("runs", "what is compared");
    ROW_KEYS.put("name", "the label in tables");
    ROW_KEYS.put("method", "the recipe's method");
    ROW_KEYS.put("seeds", "seeds of this run");
    ROW_KEYS.put("reference", "whether the others are compared with it");
    ROW_KEYS.put("share", "the active share that it is compared at");
    ROW_KEYS.put("set", "settings of this run");
  }

  private StudyReader() {}

  /**
   * Reads a study.
   *
   * @throws UserError (wrong usage) for anything that cannot be understood, with file and line
   */
  public static Study read(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw UserError.usage(
          "%s: cannot be read as a study: %s; give the path of a .yaml file"
              .formatted(file, IoReasons.of(e)));
    }
    YamlMapping study =
        YamlValue.ofFile(text, file.toString())
            .orElseThrow(
                () -> UserError.usage("%s: is empty: give question, recipe, runs".formatted(file)))
            .mapping("the study", KEYS);
    List<Integer> seeds = study.find("seeds").map(StudyReader::seeds).orElse(List.of(1));
    int parallel = study.find("parallel").map(n -> n.whole(1, MOST)).orElse(1);
    int cores = Runtime.getRuntime().availableProcessors();
    String recipe = study.required("recipe").text("a path");
    Path folder = file.toAbsolutePath().resolveSibling("");
    return new Study(
        file,
        study.required("question").text("a sentence"),
        folder.resolve(recipe).normalize(),
        settingsOfAll(study),
        parallel,
        study.find("threads").map(n -> n.whole(1, MOST)).orElse(Math.max(1, cores / parallel)),
        study.find("tokens").map(word -> word.choice(TOKENS).equals(ANY)).orElse(false),
        new JudgementReader(new PathNames(folder, System.getenv())).read(study),
        rows(study.required("runs"), seeds));
  }

  private static List<Study.Row> rows(YamlValue runs, List<Integer> seeds) {
    List<Study.Row> rows = runs.list().stream().map(row -> row(row, seeds)).toList();
    long references = rows.stream().filter(Study.Row::reference).count();
    if (references != 1) {
      throw UserError.usage(
          "%s: %d runs say 'reference: true': exactly one must, such as dense continuation, for the others to be compared with"
              .formatted(runs.where(), references));
    }
    return rows;
  }

  private static Study.Row row(YamlValue value, List<Integer> seeds) {
    YamlMapping row = value.mapping("a run", ROW_KEYS);
    return new Study.Row(
        value.line(),
        row.required("name").text("a name"),
        row.required("method").text("a method"),
        row.find("seeds").map(StudyReader::seeds).orElse(seeds),
        row.find("reference").map(YamlValue::flag).orElse(false),
        row.find("share").map(share -> share.number(x -> x >= 0 && x <= 1, "in [0, 1]")),
        settings(row));
  }

  private static SequencedMap<String, String> settingsOfAll(YamlMapping study) {
    SequencedMap<String, String> settings = new LinkedHashMap<>();
    settings(study)
        .forEach(
            (key, values) -> {
              if (values.size() != 1) {
                throw study.error(
                    "set", "%s: only the set of a run may hold lists of values".formatted(key));
              }
              settings.put(key, values.getFirst());
            });
    return settings;
  }

  /** Dotted keys to lists of values; a single value is a list of one. */
  private static SequencedMap<String, List<String>> settings(YamlMapping of) {
    SequencedMap<String, List<String>> settings = new LinkedHashMap<>();
    of.find("set")
        .ifPresent(
            set ->
                set.members("set", "")
                    .forEach((key, value) -> settings.put(key, distinct(value, settings(value)))));
    return settings;
  }

  private static List<String> settings(YamlValue value) {
    List<YamlValue> values = value.isList() ? value.list() : List.of(value);
    return values.stream().map(StudyReader::setting).toList();
  }

  /** A value as {@code --set} takes it. */
  private static String setting(YamlValue value) {
    String text = value.text("a value");
    return value.isQuoted() ? '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"' : text;
  }

  private static List<Integer> seeds(YamlValue value) {
    return distinct(
        value, value.list().stream().map(seed -> seed.whole(0, Integer.MAX_VALUE)).toList());
  }

  private static <T> List<T> distinct(YamlValue at, List<T> values) {
    if (new HashSet<>(values).size() < values.size()) {
      throw at.error("a value stands here a second time");
    }
    return values;
  }
}
