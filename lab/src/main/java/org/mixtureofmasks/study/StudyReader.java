package org.mixtureofmasks.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Yaml;
import org.mixtureofmasks.yaml.YamlNodes;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Reads a study's file as strictly as recipes are read. What a setting may be is checked when the
 * runs' recipes are resolved ({@link Plan}).
 */
public final class StudyReader {
  private static final List<String> KEYS =
      List.of("question", "recipe", "set", "seeds", "parallel", "threads", "runs");
  private static final List<String> ROW_KEYS =
      List.of("name", "method", "seeds", "reference", "share", "set");
  private static final Kind<Integer> COUNT = new Kind.Whole(1, 1024);
  private static final Kind<Double> SHARE = new Kind.Number(Kind.Range.of(0, 1));
  private static final Kind<Integer> SEED = new Kind.Whole(0, Integer.MAX_VALUE);

  private final Path file;

  private StudyReader(Path file) {
    this.file = file;
  }

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
          file + ": cannot be read as a study (" + e + "): give the path of a .yaml file");
    }
    return new StudyReader(file).study(text);
  }

  private Study study(String text) {
    Node root =
        YamlNodes.compose(text, file.toString())
            .orElseThrow(() -> UserError.usage(file + ": is empty: give question, recipe, runs"));
    Map<String, Node> members = members(root, "the study", KEYS);
    String question = scalar(required(members, root, "question"), "question");
    Path recipe =
        file.toAbsolutePath()
            .resolveSibling(scalar(required(members, root, "recipe"), "recipe"))
            .normalize();
    SequencedMap<String, String> settings = new LinkedHashMap<>();
    settings(members.get("set"))
        .forEach(
            (key, values) -> {
              if (values.size() != 1) {
                throw refused(
                    members.get("set"), key + ": only the set of a run may hold lists of values");
              }
              settings.put(key, values.getFirst());
            });
    List<Integer> seeds = members.containsKey("seeds") ? seeds(members.get("seeds")) : List.of(1);
    int parallel = members.containsKey("parallel") ? count(members.get("parallel"), "parallel") : 1;
    int cores = Runtime.getRuntime().availableProcessors();
    int threads =
        members.containsKey("threads")
            ? count(members.get("threads"), "threads")
            : Math.max(1, cores / parallel);
    Node runs = required(members, root, "runs");
    List<Study.Row> rows = new ArrayList<>();
    for (Node row : items(runs, "runs")) {
      rows.add(row(row, seeds));
    }
    long references = rows.stream().filter(Study.Row::reference).count();
    if (references != 1) {
      throw refused(
          runs,
          references
              + " runs say 'reference: true': exactly one must, such as dense continuation, for the"
              + " others to be compared with");
    }
    return new Study(file, question, recipe, settings, parallel, threads, rows);
  }

  private Study.Row row(Node node, List<Integer> seeds) {
    Map<String, Node> members = members(node, "a run", ROW_KEYS);
    return new Study.Row(
        YamlNodes.line(node),
        scalar(required(members, node, "name"), "name"),
        scalar(required(members, node, "method"), "method"),
        members.containsKey("seeds") ? seeds(members.get("seeds")) : seeds,
        members.containsKey("reference") && flag(members.get("reference")),
        Optional.ofNullable(members.get("share")).map(share -> value(SHARE, share, "share")),
        settings(members.get("set")));
  }

  /** Dotted keys to lists of values; a single value is a list of one. */
  private SequencedMap<String, List<String>> settings(Node node) {
    SequencedMap<String, List<String>> settings = new LinkedHashMap<>();
    if (node == null) {
      return settings;
    }
    for (NodeTuple member : mapping(node, "set").getValue()) {
      String key = scalar(member.getKeyNode(), "a key of set");
      Node value = member.getValueNode();
      List<Node> values =
          value instanceof SequenceNode list ? items(list, key) : List.<Node>of(value);
      List<String> texts = values.stream().map(item -> setting(item, key)).toList();
      if (new HashSet<>(texts).size() < texts.size()) {
        throw refused(value, key + ": a value stands here a second time");
      }
      settings.put(key, texts);
    }
    return settings;
  }

  /** A value as {@code --set} takes it. */
  private String setting(Node node, String key) {
    String text = scalar(node, key);
    boolean quoted = ((ScalarNode) node).getScalarStyle() != ScalarStyle.PLAIN;
    return quoted ? '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"' : text;
  }

  private List<Integer> seeds(Node node) {
    List<Integer> seeds =
        items(node, "seeds").stream().map(item -> value(SEED, item, "seeds")).toList();
    if (new HashSet<>(seeds).size() < seeds.size()) {
      throw refused(node, "seeds: a seed stands here a second time");
    }
    return seeds;
  }

  private int count(Node node, String key) {
    return value(COUNT, node, key);
  }

  private boolean flag(Node node) {
    return value(new Kind.Flag(), node, "reference");
  }

  private <T> T value(Kind<T> kind, Node node, String key) {
    try {
      return kind.read(node, path -> path);
    } catch (Kind.Refused e) {
      throw refused(node, key + ": " + e.getMessage());
    }
  }

  private String scalar(Node node, String key) {
    try {
      return Yaml.scalar(node, "a value");
    } catch (Kind.Refused e) {
      throw refused(node, key + ": " + e.getMessage());
    }
  }

  private List<Node> items(Node node, String key) {
    if (!(node instanceof SequenceNode list) || list.getValue().isEmpty()) {
      throw refused(node, key + ": give a list with at least one item");
    }
    return list.getValue();
  }

  private MappingNode mapping(Node node, String what) {
    if (node instanceof MappingNode mapping) {
      return mapping;
    }
    throw refused(node, what + " is made of lines 'key: value'");
  }

  private Map<String, Node> members(Node node, String what, List<String> known) {
    Map<String, Node> members = new LinkedHashMap<>();
    for (NodeTuple member : mapping(node, what).getValue()) {
      String key = scalar(member.getKeyNode(), "a key of " + what);
      if (!known.contains(key)) {
        throw refused(
            member.getKeyNode(),
            "unknown key '"
                + key
                + "'"
                + Nearest.of(key, known)
                    .map(near -> " (did you mean '" + near + "'?)")
                    .orElse("; " + what + " has the keys " + String.join(", ", known)));
      }
      members.put(key, member.getValueNode());
    }
    return members;
  }

  private Node required(Map<String, Node> members, Node in, String key) {
    Node node = members.get(key);
    if (node == null) {
      throw refused(in, "the key " + key + " is missing");
    }
    return node;
  }

  private UserError refused(Node at, String why) {
    return UserError.usage(file + ":" + YamlNodes.line(at) + ": " + why);
  }
}
