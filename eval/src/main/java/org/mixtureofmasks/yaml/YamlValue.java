package org.mixtureofmasks.yaml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.DoublePredicate;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.UserError;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A value of a YAML file that knows its key and its line: it is read as what it should be, or
 * refused in one line, {@code file:line: key: reason} (wrong usage). No objects are built by name.
 */
public final class YamlValue {
  private final Node node;
  private final Source source;
  private final String name;
  private final String where;

  /** A file, or a text from elsewhere, in which lines say nothing. */
  private record Source(String name, boolean hasLines) {
    String at(Node node) {
      return hasLines
          ? name + ":" + node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1)
          : name;
    }
  }

  private YamlValue(Node node, Source source, String name, String where) {
    this.node = node;
    this.source = source;
    this.name = name;
    this.where = where;
    // What is ${NAME} and nothing else has a tag of the library's own.
    if (node.getTag().getValue().startsWith("!") && !node.getTag().equals(Tag.ENV_TAG)) {
      throw error("no tags such as %s are read".formatted(node.getTag()));
    }
  }

  /**
   * The whole of a file; empty if there is nothing in it.
   *
   * @param file what errors call it
   * @throws UserError (wrong usage) if it is not YAML
   */
  public static Optional<YamlValue> ofFile(String text, String file) {
    Source source = new Source(file, true);
    return YamlNodes.compose(text, file)
        .map(node -> new YamlValue(node, source, "", source.at(node)));
  }

  /**
   * One value that stands outside of any file, such as that of an option; empty if there is none.
   *
   * @param where what errors say instead of file and line
   * @param name of its key
   */
  public static Optional<YamlValue> ofText(String text, String where, String name) {
    return YamlNodes.compose(text, where)
        .map(node -> new YamlValue(node, new Source(where, false), name, where));
  }

  /** An error of this value: where it stands, its key, the reason. */
  public UserError error(String reason) {
    return UserError.usage(
        name.isEmpty()
            ? "%s: %s".formatted(where, reason)
            : "%s: %s: %s".formatted(where, name, reason));
  }

  /** File and line, as errors begin. */
  public String where() {
    return where;
  }

  /** The line of the file on which it stands, from 1. */
  public int line() {
    return YamlNodes.line(node);
  }

  public boolean isList() {
    return node instanceof SequenceNode;
  }

  public boolean isMapping() {
    return node instanceof MappingNode;
  }

  /** Whether it is a text in quotes, which is no number and no true or false. */
  public boolean isQuoted() {
    return node instanceof ScalarNode scalar && scalar.getScalarStyle() != ScalarStyle.PLAIN;
  }

  /** A text, which may be empty. */
  public String textOrEmpty() {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw error("one text should stand here, not a list or several lines");
  }

  /**
   * A text that is not empty.
   *
   * @param wanted what it should be, for the error: "a path"
   */
  public String text(String wanted) {
    if (!(node instanceof ScalarNode scalar)) {
      throw error(
          "a %s is not %s"
              .formatted(node.getNodeType().toString().toLowerCase(Locale.ROOT), wanted));
    }
    if (scalar.getValue().isBlank() || scalar.getValue().equals("null")) {
      throw error("nothing is not %s".formatted(wanted));
    }
    return scalar.getValue();
  }

  /** A whole number in [min, max]. */
  public int whole(int min, int max) {
    String text = unquoted("a whole number");
    int value;
    try {
      value = Integer.parseInt(text);
    } catch (NumberFormatException _) {
      throw error("'%s' is not a whole number %s".formatted(text, bounds(min, max)));
    }
    if (value < min || value > max) {
      throw error("%s is not %s".formatted(text, bounds(min, max)));
    }
    return value;
  }

  /** The range of {@link #whole} in words: "in [1, 8]", "at least 1". */
  public static String bounds(int min, int max) {
    return max == Integer.MAX_VALUE ? "at least " + min : "in [%d, %d]".formatted(min, max);
  }

  /**
   * A number.
   *
   * @param allowed the range in words, for the error: "in (0, 1]"
   */
  public double number(DoublePredicate range, String allowed) {
    String text = unquoted("a number");
    double value;
    try {
      value = Double.parseDouble(text);
    } catch (NumberFormatException _) {
      throw error("'%s' is not a number %s".formatted(text, allowed));
    }
    if (!range.test(value)) {
      throw error("%s is not %s".formatted(text, allowed));
    }
    return value;
  }

  /** true or false. */
  public boolean flag() {
    String text = unquoted("true or false");
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw error("'%s' is neither true nor false".formatted(text));
    };
  }

  /** One of a few words. */
  public String choice(List<String> words) {
    String allowed = words.size() == 1 ? words.getFirst() : "one of " + String.join(", ", words);
    String text = text(allowed);
    if (!words.contains(text)) {
      throw error("'%s' is not %s%s".formatted(text, allowed, Nearest.hint(text, words)));
    }
    return text;
  }

  /** The items of a list; a single value is a list of one. Each knows its own line. */
  public List<YamlValue> items() {
    if (!(node instanceof SequenceNode list)) {
      return List.of(this);
    }
    List<YamlValue> items = new ArrayList<>();
    for (Node item : list.getValue()) {
      items.add(new YamlValue(item, source, name, source.at(item)));
    }
    return items;
  }

  /** The items of a list that must be one and not empty. */
  public List<YamlValue> list() {
    if (!isList() || items().isEmpty()) {
      throw error("give a list with at least one item");
    }
    return items();
  }

  /**
   * Keys and values in their order, whatever the keys are. A value stands where its key does.
   *
   * @param what what this is, for the error: "the section train"
   * @param prefix stands before the keys in errors: "train."
   */
  public SequencedMap<String, YamlValue> members(String what, String prefix) {
    if (!(node instanceof MappingNode mapping)) {
      throw UserError.usage("%s: %s is made of lines 'key: value'".formatted(where, what));
    }
    SequencedMap<String, YamlValue> members = new LinkedHashMap<>();
    for (NodeTuple member : mapping.getValue()) {
      String at = source.at(member.getKeyNode());
      if (!(member.getKeyNode() instanceof ScalarNode key)) {
        throw UserError.usage("%s: a key must be a word".formatted(at));
      }
      String full = prefix + key.getValue();
      YamlValue value = new YamlValue(member.getValueNode(), source, full, at);
      if (members.put(key.getValue(), value) != null) {
        throw UserError.usage("%s: the key %s stands here a second time".formatted(at, full));
      }
    }
    return members;
  }

  /**
   * Keys and values, of which every key must be known.
   *
   * @param what what this is, for the error: "a task"
   * @param known each key's sentence, what an error says of it when it is missing
   */
  public YamlMapping mapping(String what, Map<String, String> known) {
    Map<String, YamlValue> members = members(what, "");
    members.forEach(
        (key, value) -> {
          if (!known.containsKey(key)) {
            throw UserError.usage(
                "%s: unknown key '%s'%s".formatted(value.where, key, hint(key, known)));
          }
        });
    boolean whole = name.isEmpty();
    return new YamlMapping(whole ? source.name() : where, known, members);
  }

  private static String hint(String key, Map<String, String> known) {
    String nearest = Nearest.hint(key, known.keySet());
    return nearest.isEmpty() ? "; known keys: " + String.join(", ", known.keySet()) : nearest;
  }

  private String unquoted(String wanted) {
    String text = text(wanted);
    if (isQuoted()) {
      throw error("the quoted text '%s' is not %s".formatted(text, wanted));
    }
    return text;
  }
}
