package org.mixtureofmasks.analyse;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The ways of tokens through the layers, each layer by its leading expert: of those that the token
 * chose the one with the highest score.
 */
final class Paths {
  /** In the place of an expert where a token chose none. */
  static final int NOBODY = -1;

  /**
   * One way.
   *
   * @param experts by layer
   * @param tokens that took it
   */
  record Path(int[] experts, int tokens) {}

  private final int[][][] joint; // L - 1, E, E
  private final Map<String, Integer> ways = new HashMap<>(); // a char for each layer
  private long tokens;

  Paths(int layers, int experts) {
    joint = new int[layers - 1][experts][experts];
  }

  /**
   * Adds a token.
   *
   * @param experts its leading expert by layer, or NOBODY
   */
  void add(int[] experts) {
    char[] way = new char[experts.length];
    for (int l = 0; l < experts.length; l++) {
      way[l] = (char) experts[l];
      if (l > 0 && experts[l - 1] != NOBODY && experts[l] != NOBODY) {
        joint[l - 1][experts[l - 1]][experts[l]]++;
      }
    }
    ways.merge(new String(way), 1, Integer::sum);
    tokens++;
  }

  long tokens() {
    return tokens;
  }

  /** Tokens by leading expert of layer l and of the next, E x E. */
  List<int[]> joint(int l) {
    return List.of(joint[l]);
  }

  /** Ways that at least one token took. */
  int distinct() {
    return ways.size();
  }

  /** Entropy of the ways, nats; at most ln(tokens). */
  double entropy() {
    return Distribution.entropy(ways.values().stream().mapToDouble(n -> n).toArray());
  }

  /** The most frequent ways; ties in the order of their experts. */
  List<Path> top(int most) {
    return ways.entrySet().stream()
        .sorted(
            Comparator.comparingInt((Map.Entry<String, Integer> e) -> -e.getValue())
                .thenComparing(Map.Entry::getKey))
        .limit(most)
        .map(e -> new Path(experts(e.getKey()), e.getValue()))
        .toList();
  }

  private static int[] experts(String way) {
    return way.chars().map(c -> c == (char) NOBODY ? NOBODY : c).toArray();
  }

  /** The one of the chosen experts that has the highest score; NOBODY when there is none. */
  static int leading(int[] chosen, float[] scores) {
    return Arrays.stream(chosen)
        .boxed()
        .max(Comparator.comparingDouble((Integer e) -> scores[e]).thenComparingInt(e -> -e))
        .orElse(NOBODY);
  }
}
