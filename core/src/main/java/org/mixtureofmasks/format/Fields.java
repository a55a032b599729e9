package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The members of a model's description, read with their types and ranges checked. JSON null counts
 * as absent, as in transformers.
 *
 * @param file named in errors
 * @param node the object
 */
record Fields(Path file, JsonNode node) {
  /** No dimension of a model comes near it, and a product of two fits a long. */
  private static final long LIMIT = 1 << 30;

  boolean has(String key) {
    return !node.path(key).isMissingNode() && !node.path(key).isNull();
  }

  /** A whole number in [1, 2^30]. */
  int positive(String key) {
    if (!has(key)) {
      throw new BadCheckpoint(file, -1, "'%s' is missing".formatted(key));
    }
    JsonNode value = node.path(key);
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < 1
        || value.longValue() > LIMIT) {
      throw wrong(key, "a whole number from 1 to %d".formatted(LIMIT));
    }
    return value.intValue();
  }

  int positive(String key, int absent) {
    return has(key) ? positive(key) : absent;
  }

  /** A finite number above 0. */
  double positiveReal(String key) {
    if (!has(key)) {
      throw new BadCheckpoint(file, -1, "'%s' is missing".formatted(key));
    }
    double value = node.path(key).doubleValue();
    if (!node.path(key).isNumber() || !(value > 0) || Double.isInfinite(value)) {
      throw wrong(key, "a number above 0");
    }
    return value;
  }

  double positiveReal(String key, double absent) {
    return has(key) ? positiveReal(key) : absent;
  }

  /** A share in [0, 1]: masks may be empty. */
  double share(String key) {
    double value = node.path(key).asDouble(Double.NaN);
    if (!node.path(key).isNumber() || !(value >= 0 && value <= 1)) {
      throw wrong(key, "a share from 0 to 1");
    }
    return value;
  }

  /** A list of numbers, NaN for what is none; empty when absent. */
  List<Double> reals(String key) {
    List<Double> out = new ArrayList<>();
    for (JsonNode n : node.path(key)) {
      out.add(n.isNumber() ? n.doubleValue() : Double.NaN);
    }
    return out;
  }

  boolean flag(String key, boolean absent) {
    if (has(key) && !node.path(key).isBoolean()) {
      throw wrong(key, "true or false");
    }
    return node.path(key).asBoolean(absent);
  }

  String text(String key, String absent) {
    if (has(key) && !node.path(key).isTextual()) {
      throw wrong(key, "a string");
    }
    return has(key) ? node.path(key).textValue() : absent;
  }

  /** A whole number or a list of them; empty when absent. */
  List<Integer> ints(String key) {
    List<Integer> out = new ArrayList<>();
    if (has(key)) {
      JsonNode value = node.path(key);
      for (JsonNode one : value.isArray() ? value : List.of(value)) {
        if (!one.isIntegralNumber() || !one.canConvertToInt()) {
          throw wrong(key, "a whole number or a list of them");
        }
        out.add(one.intValue());
      }
    }
    return out;
  }

  /** The object under a key, empty when absent. */
  Fields object(String key) {
    if (has(key) && !node.path(key).isObject()) {
      throw wrong(key, "an object");
    }
    return new Fields(file, node.path(key));
  }

  BadCheckpoint wrong(String key, String expected) {
    String shown = String.valueOf(node.path(key));
    return new BadCheckpoint(
        file,
        -1,
        "'%s' is %s, expected is %s"
            .formatted(
                key, shown.length() > 60 ? shown.substring(0, 60) + "..." : shown, expected));
  }
}
