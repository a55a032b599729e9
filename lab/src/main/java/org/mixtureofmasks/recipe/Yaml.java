package org.mixtureofmasks.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.mixtureofmasks.Nearest;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads the few shapes of YAML nodes that recipes and studies have; builds no objects by name. */
public final class Yaml {
  private Yaml() {}

  /** The text of an unquoted scalar. */
  static String plain(Node node, String wanted) throws Kind.Refused {
    String text = scalar(node, wanted);
    if (((ScalarNode) node).getScalarStyle() != ScalarStyle.PLAIN) {
      throw new Kind.Refused("the quoted text '" + text + "' is not " + wanted);
    }
    return text;
  }

  /** The text of a scalar that is not empty. */
  public static String scalar(Node node, String wanted) throws Kind.Refused {
    if (!(node instanceof ScalarNode s)) {
      throw new Kind.Refused(
          "a " + node.getNodeType().toString().toLowerCase(Locale.ROOT) + " is not " + wanted);
    }
    if (s.getValue().isBlank() || s.getValue().equals("null")) {
      throw new Kind.Refused("nothing is not " + wanted);
    }
    return s.getValue();
  }

  static List<Source> sources(Node node, Kind.Context context) throws Kind.Refused {
    List<Source> sources = new ArrayList<>();
    if (node instanceof SequenceNode list) {
      for (Node item : list.getValue()) {
        sources.add(source(item, context));
      }
    } else {
      sources.add(source(node, context));
    }
    return List.copyOf(sources);
  }

  private static Source source(Node node, Kind.Context context) throws Kind.Refused {
    if (!(node instanceof MappingNode mapping)) {
      return new Source(context.resolve(scalar(node, "a file")), 1);
    }
    String file = null;
    double weight = 1;
    for (NodeTuple member : mapping.getValue()) {
      String name = scalar(member.getKeyNode(), "a name");
      switch (name) {
        case "file" -> file = context.resolve(scalar(member.getValueNode(), "a file"));
        case "weight" ->
            weight =
                new Kind.Number(Kind.Range.above(0, Double.POSITIVE_INFINITY))
                    .read(member.getValueNode(), context);
        default ->
            throw new Kind.Refused(
                "a source has file and weight, not '"
                    + name
                    + "'"
                    + Nearest.hint(name, List.of("file", "weight")));
      }
    }
    if (file == null) {
      throw new Kind.Refused("a source needs its file");
    }
    return new Source(file, weight);
  }

  /** The shortest form that reads back as the same double: 0.0004, not 4.0E-4. */
  static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return Long.toString((long) value);
    }
    return Math.abs(value) < 1e-6
        ? Double.toString(value).replace("E", "e")
        : new java.math.BigDecimal(Double.toString(value)).toPlainString();
  }

  /** Double-quoted where plain text could be read as something else. */
  static String quoted(String text) {
    return text.matches("[A-Za-z/][\\w./+-]*")
        ? text
        : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
