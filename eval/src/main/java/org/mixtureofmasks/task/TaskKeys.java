package org.mixtureofmasks.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.template.TemplateException;
import org.mixtureofmasks.yaml.YamlMapping;
import org.mixtureofmasks.yaml.YamlValue;

/** The keys of a task file and their values. Errors name file and line. */
final class TaskKeys {
  /** Every key with what an error says of it when it is missing. */
  private static final Map<String, String> KNOWN = new LinkedHashMap<>();

  static {
    KNOWN.put("task", "the task's name");
    KNOWN.put("about", "one line for the list of tasks");
    KNOWN.put("source", "where the data comes from");
    KNOWN.put("version", "version of the harness's template");
    KNOWN.put("group", "the group it counts for");
    KNOWN.put("subjects", "one task for each: groups with lists of subjects");
    KNOWN.put("output_type", "multiple_choice, loglikelihood or loglikelihood_rolling");
    KNOWN.put("training_files", "where the training split may lie");
    KNOWN.put("validation_files", "where the validation split may lie");
    KNOWN.put("test_files", "where the test split may lie");
    KNOWN.put("fewshot_files", "where a split of examples only may lie");
    KNOWN.put("form", "how rows become columns");
    KNOWN.put("columns", "names of a .csv file's columns when it has no line of names");
    KNOWN.put("description", "what stands once before everything");
    KNOWN.put("doc_to_text", "the question");
    KNOWN.put("doc_to_choice", "the choices");
    KNOWN.put("doc_to_target", "the right choice's index or text, or what is scored");
    KNOWN.put("multiple_inputs", "true: the choices are the questions");
    KNOWN.put("target_delimiter", "between a question and its answer");
    KNOWN.put("fewshot_delimiter", "after each example");
    KNOWN.put("sampler", "default or first_n");
    KNOWN.put("num_fewshot", "examples before each question");
    KNOWN.put("metrics", "what is told");
  }

  private static final Map<String, String> PLACE_KEYS = new LinkedHashMap<>();

  static {
    PLACE_KEYS.put("file", "where it may lie");
    PLACE_KEYS.put("labels", "the file of its labels");
  }

  private final YamlMapping keys;

  private TaskKeys(YamlMapping keys) {
    this.keys = keys;
  }

  static TaskKeys read(String yaml, String name) {
    return new TaskKeys(
        YamlValue.ofFile(yaml, name)
            .orElseThrow(() -> UserError.usage("%s: the task file is empty".formatted(name)))
            .mapping("a task", KNOWN));
  }

  Optional<String> text(String key) {
    return keys.find(key).map(YamlValue::textOrEmpty);
  }

  boolean flag(String key) {
    return keys.find(key).map(YamlValue::flag).orElse(false);
  }

  Optional<Integer> whole(String key, int most) {
    return keys.find(key).map(value -> value.whole(0, most));
  }

  /** A list of words; empty when the key is not there. */
  List<String> list(String key) {
    return items(key).stream().map(YamlValue::textOrEmpty).toList();
  }

  /** Lists by name, in their order. */
  Map<String, List<String>> lists(String key) {
    Map<String, List<String>> lists = new LinkedHashMap<>();
    keys.find(key)
        .ifPresent(
            value ->
                value
                    .members(key, "")
                    .forEach(
                        (name, list) ->
                            lists.put(
                                name, list.items().stream().map(YamlValue::textOrEmpty).toList())));
    return lists;
  }

  /** Patterns of files, or {@code {file: F, labels: L}}. */
  List<SplitFiles.Place> places(String key) {
    List<SplitFiles.Place> places = new ArrayList<>();
    for (YamlValue item : items(key)) {
      if (item.isMapping()) {
        YamlMapping members = item.mapping("a place", PLACE_KEYS);
        places.add(
            new SplitFiles.Place(
                pattern(members.required("file")), members.find("labels").map(TaskKeys::pattern)));
      } else {
        places.add(new SplitFiles.Place(pattern(item), Optional.empty()));
      }
    }
    return places;
  }

  /** A template; {@code before} is applied to its text first. */
  Optional<DocumentTemplate> template(String key, UnaryOperator<String> before) {
    return keys.find(key).map(value -> template(value, before.apply(value.textOrEmpty())));
  }

  /** One template, or a list of them. */
  List<DocumentTemplate> templates(String key) {
    List<DocumentTemplate> templates = new ArrayList<>();
    boolean list = keys.find(key).map(YamlValue::isList).orElse(false);
    for (YamlValue item : items(key)) {
      String text = item.textOrEmpty();
      // In a list a bare word is a choice ("yes"), not the name of a column.
      boolean word = list && !text.contains("{{");
      templates.add(word ? DocumentTemplate.literal(text) : template(item, text));
    }
    return templates;
  }

  /** One of a few things by its name. */
  <T> Optional<T> choice(String key, List<T> known, Function<T, String> nameOf) {
    return keys.find(key).map(value -> choice(value, known, nameOf));
  }

  /** Some of a few things by their names, each of which must be among the fitting ones. */
  <T> List<T> choices(String key, List<T> known, Function<T, String> nameOf, List<T> fitting) {
    List<T> chosen = new ArrayList<>();
    for (YamlValue item : items(key)) {
      T choice = choice(item, known, nameOf);
      if (!fitting.contains(choice)) {
        throw item.error(
            "this output_type has %s, not %s"
                .formatted(
                    String.join(", ", fitting.stream().map(nameOf).toList()),
                    nameOf.apply(choice)));
      }
      chosen.add(choice);
    }
    if (chosen.isEmpty()) {
      throw missing(key);
    }
    return chosen;
  }

  UserError missing(String key) {
    return keys.missing(key);
  }

  UserError error(String key, String reason) {
    return keys.error(key, reason);
  }

  private List<YamlValue> items(String key) {
    return keys.find(key).map(YamlValue::items).orElse(List.of());
  }

  private static <T> T choice(YamlValue value, List<T> known, Function<T, String> nameOf) {
    List<String> names = known.stream().map(nameOf).toList();
    return known.get(names.indexOf(value.choice(names)));
  }

  private static DocumentTemplate template(YamlValue value, String text) {
    try {
      return DocumentTemplate.parse(text);
    } catch (TemplateException e) {
      throw value.error(e.getMessage());
    }
  }

  private static String pattern(YamlValue value) {
    String pattern = value.textOrEmpty();
    if (pattern.isBlank() || pattern.startsWith("/") || pattern.contains("..")) {
      throw value.error("'%s' is not a path below the data folder".formatted(pattern));
    }
    return pattern;
  }
}
