package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.mixtureofmasks.UserError;

/** What analysis.json says, as the report needs it. L layers, E experts a layer. */
final class ReportData {
  /** The schema that the report reads. */
  static final String SCHEMA = "mom-analysis/1";

  /** Of more experts than this a matrix shows those with the most tokens. */
  static final int SHOWN = 32;

  private final JsonNode root;
  private final List<JsonNode> layers;
  private final int experts;

  /**
   * @throws UserError when the JSON is of another schema or has no layers
   */
  ReportData(JsonNode root) {
    if (!SCHEMA.equals(root.path("schema").asText())) {
      throw new UserError(
          "analysis.json: schema is %s, this program reads \"%s\": analyse the model again"
              .formatted(root.path("schema"), SCHEMA));
    }
    this.root = root;
    layers = list(root.path("layers"));
    experts = root.path("model").path("experts").asInt();
    if (layers.isEmpty() || experts < 1 && !tokenMasks()) {
      throw new UserError("analysis.json: no layers or no experts, so there is nothing to report");
    }
  }

  /** Whether it is of a model whose tokens have masks of their own; else it has experts. */
  static boolean tokenMasks(JsonNode analysis) {
    return analysis.path("model").has("choice");
  }

  boolean tokenMasks() {
    return tokenMasks(root);
  }

  JsonNode root() {
    return root;
  }

  JsonNode at(String key) {
    return root.path(key);
  }

  JsonNode model() {
    return root.path("model");
  }

  List<JsonNode> layers() {
    return layers;
  }

  int experts() {
    return experts;
  }

  /** Whether each layer has this member, such as "/entropy/mean". */
  boolean everyLayerHas(String pointer) {
    return layers.stream().noneMatch(layer -> layer.at(pointer).isMissingNode());
  }

  /** One number of each layer. [L] */
  double[] ofLayers(String pointer) {
    return layers.stream().mapToDouble(layer -> layer.at(pointer).asDouble()).toArray();
  }

  /** Mean over the layers of a number of theirs. */
  double mean(String pointer) {
    return Arrays.stream(ofLayers(pointer)).average().orElseThrow();
  }

  /** "Layer 3" for the layer at a place of {@link #layers()}. */
  static String name(JsonNode layer) {
    return "Layer " + layer.path("layer").asInt();
  }

  /** Numbers of the experts, or of the hits. */
  static List<String> range(int from, int to) {
    return IntStream.range(from, to).mapToObj(Integer::toString).toList();
  }

  /**
   * An array of numbers.
   *
   * @throws UserError when it has another length
   */
  static double[] numbers(JsonNode array, String what, int length) {
    if (!array.isArray() || array.size() != length) {
      throw new UserError(
          "analysis.json: %s has %s entries where %s belong".formatted(what, array.size(), length));
    }
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  /** The elements of an array, none when it is absent. */
  static List<JsonNode> list(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }

  /** One array of each layer. [L][length] */
  List<double[]> rows(String key, int length) {
    List<double[]> rows = new ArrayList<>();
    for (JsonNode layer : layers) {
      rows.add(numbers(layer.path(key), name(layer) + "'s " + key, length));
    }
    return rows;
  }

  /** The experts that a matrix of the layer with this number shows, in order. */
  List<Integer> shown(int number) {
    if (experts <= SHOWN) {
      return IntStream.range(0, experts).boxed().toList();
    }
    JsonNode layer =
        layers.stream()
            .filter(l -> l.path("layer").asInt() == number)
            .findFirst()
            .orElseThrow(
                () -> new UserError("analysis.json: there is no layer %s".formatted(number)));
    double[] share = numbers(layer.path("token_share"), name(layer) + "'s token_share", experts);
    return IntStream.range(0, experts)
        .boxed()
        .sorted(Comparator.comparingDouble(e -> -share[e]))
        .limit(SHOWN)
        .sorted()
        .toList();
  }

  /** Says that experts are left out of matrices; empty when none are. */
  String shownNote() {
    return experts <= SHOWN
        ? ""
        : " Shown are the "
            + SHOWN
            + " of "
            + experts
            + " experts with the most tokens in their layer; analysis.json has them all.";
  }
}
