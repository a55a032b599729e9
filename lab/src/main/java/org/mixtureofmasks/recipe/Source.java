package org.mixtureofmasks.recipe;

import java.util.LinkedHashMap;
import java.util.Map;
import org.mixtureofmasks.yaml.YamlMapping;
import org.mixtureofmasks.yaml.YamlValue;

/**
 * A file of training or validation data.
 *
 * @param file absolute path
 * @param weight its share of the rows relative to the other sources' weights, above 0
 */
public record Source(String file, double weight) {
  private static final Kind<Double> WEIGHT =
      new Kind.Number(Kind.Range.above(0, Double.POSITIVE_INFINITY));
  private static final Map<String, String> KEYS = new LinkedHashMap<>();

  static {
    KEYS.put("file", "where it lies");
    KEYS.put("weight", "its share of the rows relative to the others");
  }

  /** A file, or {@code {file: F, weight: W}}. */
  static Source read(YamlValue value, Kind.Context context) {
    if (!value.isMapping()) {
      return new Source(context.resolve(value.text("a file"), value), 1);
    }
    YamlMapping members = value.mapping("a source", KEYS);
    YamlValue file = members.required("file");
    return new Source(
        context.resolve(file.text("a file"), file),
        members.find("weight").map(weight -> WEIGHT.read(weight, context)).orElse(1.0));
  }
}
