package org.mixtureofmasks.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.template.TemplateException;
import org.mixtureofmasks.yaml.YamlNodes;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The keys of a task file and their values. Errors name file and line. */
final class TaskKeys {
  /** Every key with what it says. */
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

  private final String name;
  private final Map<String, Node> nodes = new LinkedHashMap<>();

  private TaskKeys(String name) {
    this.name = name;
  }

  static TaskKeys read(String yaml, String name) {
    Node root =
        YamlNodes.compose(yaml, name)
            .orElseThrow(() -> UserError.usage(name + ": the task file is empty"));
    if (!(root instanceof MappingNode mapping)) {
      throw UserError.usage(
          name + ":" + YamlNodes.line(root) + ": a task is made of lines 'key: value'");
    }
    TaskKeys keys = new TaskKeys(name);
    for (NodeTuple member : mapping.getValue()) {
      String key = keys.scalar(member.getKeyNode(), "a key");
      if (!KNOWN.containsKey(key)) {
        throw keys.error(
            member.getKeyNode(),
            "unknown key '" + key + "'" + Nearest.hint(key, KNOWN.keySet()) + known(key));
      }
      keys.nodes.put(key, member.getValueNode());
    }
    return keys;
  }

  private static String known(String key) {
    return Nearest.of(key, KNOWN.keySet()).isPresent()
        ? ""
        : "; known keys: " + String.join(", ", KNOWN.keySet());
  }

  Optional<String> text(String key) {
    return Optional.ofNullable(nodes.get(key)).map(node -> scalar(node, key));
  }

  boolean flag(String key) {
    return text(key)
        .map(
            word ->
                switch (word) {
                  case "true" -> true;
                  case "false" -> false;
                  default -> throw error(key, "'" + word + "' is neither true nor false");
                })
        .orElse(false);
  }

  Optional<Integer> whole(String key, int most) {
    return text(key)
        .map(
            word -> {
              if (!word.matches("\\d{1,9}") || Integer.parseInt(word) > most) {
                throw error(key, "'" + word + "' is not a whole number in [0, " + most + "]");
              }
              return Integer.valueOf(word);
            });
  }

  /** A list of words; empty when the key is not there. */
  List<String> list(String key) {
    Node node = nodes.get(key);
    return node == null ? List.of() : words(node, key);
  }

  /** Lists by name, in their order. */
  Map<String, List<String>> lists(String key) {
    Map<String, List<String>> lists = new LinkedHashMap<>();
    Node node = nodes.get(key);
    if (node != null) {
      for (NodeTuple member : mapping(node, key).getValue()) {
        lists.put(scalar(member.getKeyNode(), key), words(member.getValueNode(), key));
      }
    }
    return lists;
  }

  /** Patterns of files, or {@code {file: F, labels: L}}. */
  List<SplitFiles.Place> places(String key) {
    List<SplitFiles.Place> places = new ArrayList<>();
    for (Node item : items(nodes.get(key))) {
      if (item instanceof ScalarNode) {
        places.add(new SplitFiles.Place(pattern(item, key), Optional.empty()));
        continue;
      }
      Map<String, String> members = new LinkedHashMap<>();
      for (NodeTuple member : mapping(item, key).getValue()) {
        String word = scalar(member.getKeyNode(), key);
        if (!List.of("file", "labels").contains(word)) {
          throw error(
              member.getKeyNode(),
              key
                  + ": a place has file and labels, not '"
                  + word
                  + "'"
                  + Nearest.hint(word, List.of("file", "labels")));
        }
        members.put(word, pattern(member.getValueNode(), key));
      }
      if (!members.containsKey("file")) {
        throw error(item, key + ": a place needs its file");
      }
      places.add(
          new SplitFiles.Place(members.get("file"), Optional.ofNullable(members.get("labels"))));
    }
    return places;
  }

  /** A template; {@code before} is applied to its text first. */
  Optional<DocumentTemplate> template(String key, UnaryOperator<String> before) {
    return Optional.ofNullable(nodes.get(key))
        .map(node -> template(node, key, before.apply(scalar(node, key))));
  }

  /** One template, or a list of them. */
  List<DocumentTemplate> templates(String key) {
    List<DocumentTemplate> templates = new ArrayList<>();
    Node node = nodes.get(key);
    for (Node item : items(node)) {
      String text = scalar(item, key);
      // In a list a bare word is a choice ("yes"), not the name of a column.
      boolean word = node instanceof SequenceNode && !text.contains("{{");
      templates.add(word ? DocumentTemplate.literal(text) : template(item, key, text));
    }
    return templates;
  }

  /** One of a few things by its name. */
  <T> Optional<T> choice(String key, List<T> known, Function<T, String> nameOf) {
    return text(key).map(word -> choice(nodes.get(key), key, word, known, nameOf));
  }

  /** Some of a few things by their names, each of which must be among the fitting ones. */
  <T> List<T> choices(String key, List<T> known, Function<T, String> nameOf, List<T> fitting) {
    List<T> chosen = new ArrayList<>();
    for (Node item : items(nodes.get(key))) {
      T choice = choice(item, key, scalar(item, key), known, nameOf);
      if (!fitting.contains(choice)) {
        throw error(
            item,
            key
                + ": this output_type has "
                + String.join(", ", fitting.stream().map(nameOf).toList())
                + ", not "
                + nameOf.apply(choice));
      }
      chosen.add(choice);
    }
    if (chosen.isEmpty()) {
      throw missing(key);
    }
    return chosen;
  }

  UserError missing(String key) {
    return UserError.usage(name + ": the key " + key + " is missing: " + KNOWN.get(key));
  }

  UserError error(String key, String reason) {
    Node node = nodes.get(key);
    return node == null ? UserError.usage(name + ": " + reason) : error(node, key + ": " + reason);
  }

  private UserError error(Node node, String reason) {
    return UserError.usage(name + ":" + YamlNodes.line(node) + ": " + reason);
  }

  private <T> T choice(
      Node node, String key, String word, List<T> known, Function<T, String> nameOf) {
    List<String> names = known.stream().map(nameOf).toList();
    int at = names.indexOf(word);
    if (at < 0) {
      throw error(
          node,
          key
              + ": '"
              + word
              + "' is not one of "
              + String.join(", ", names)
              + Nearest.hint(word, names));
    }
    return known.get(at);
  }

  private DocumentTemplate template(Node node, String key, String text) {
    try {
      return DocumentTemplate.parse(text);
    } catch (TemplateException e) {
      throw error(node, key + ": " + e.getMessage());
    }
  }

  private String pattern(Node node, String key) {
    String pattern = scalar(node, key);
    if (pattern.isBlank() || pattern.startsWith("/") || pattern.contains("..")) {
      throw error(node, key + ": '" + pattern + "' is not a path below the data folder");
    }
    return pattern;
  }

  private static List<Node> items(Node node) {
    if (node == null) {
      return List.of();
    }
    return node instanceof SequenceNode list ? list.getValue() : List.of(node);
  }

  private List<String> words(Node node, String key) {
    List<String> words = new ArrayList<>();
    for (Node item : items(node)) {
      words.add(scalar(item, key));
    }
    return words;
  }

  private MappingNode mapping(Node node, String key) {
    if (node instanceof MappingNode mapping) {
      return mapping;
    }
    throw error(node, key + ": lines 'name: value' should stand here");
  }

  private String scalar(Node node, String key) {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw error(node, key + ": one text should stand here, not a list or several lines");
  }
}
