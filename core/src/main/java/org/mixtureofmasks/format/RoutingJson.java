package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.mixtureofmasks.io.BadCheckpoint;

/** The member {@code routing} of config.json's mixture_of_masks, absent for the default. */
final class RoutingJson {
  static final String MEMBER = "routing";

  private static final List<String> MEMBERS = List.of("score", "select", "threshold", "weights");

  private RoutingJson() {}

  /**
   * @param f the object, possibly absent
   * @param k num_experts_per_tok
   * @throws BadCheckpoint for a word or a member that is unknown
   */
  static Routing read(Fields f, int k) {
    for (String name : (Iterable<String>) f.node()::fieldNames) {
      if (!MEMBERS.contains(name)) {
        throw new BadCheckpoint(
            f.file(),
            -1,
            "routing has an unknown member '%s'; it may have %s".formatted(name, MEMBERS));
      }
    }
    Routing.Select select = word(f, "select", Routing.Select.TOP_K);
    return new Routing(
        word(f, "score", Routing.Score.LINEAR),
        select,
        k,
        threshold(f, select),
        word(f, "weights", Routing.Weights.NORMALISED));
  }

  private static double threshold(Fields f, Routing.Select select) {
    if (select == Routing.Select.TOP_K) {
      if (f.has("threshold")) {
        throw f.wrong("threshold", "absent: only the select threshold has one");
      }
      return 0;
    }
    double value = f.node().path("threshold").asDouble(Double.NaN);
    if (!f.node().path("threshold").isNumber() || !(value >= 0 && value < 1)) {
      throw f.has("threshold")
          ? f.wrong("threshold", "a number from 0 to below 1")
          : new BadCheckpoint(f.file(), -1, "'threshold' is missing in routing");
    }
    return value;
  }

  private static <E extends Enum<E>> E word(Fields f, String key, E absent) {
    if (!f.has(key)) {
      return absent;
    }
    E[] known = absent.getDeclaringClass().getEnumConstants();
    String words = Arrays.stream(known).map(RoutingJson::word).collect(Collectors.joining(", "));
    return Arrays.stream(known)
        .filter(value -> f.node().path(key).asText().equals(word(value)))
        .findFirst()
        .orElseThrow(() -> f.wrong(key, "one of %s".formatted(words)));
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Puts the member into the object mixture_of_masks, nothing when it is the default. */
  static void write(Routing routing, ObjectNode mixtureOfMasks) {
    if (routing.isDefault()) {
      return;
    }
    ObjectNode out = mixtureOfMasks.putObject(MEMBER);
    out.put("score", word(routing.score()));
    out.put("select", word(routing.select()));
    if (routing.select() == Routing.Select.THRESHOLD) {
      out.put("threshold", routing.threshold());
    }
    out.put("weights", word(routing.weights()));
  }
}
