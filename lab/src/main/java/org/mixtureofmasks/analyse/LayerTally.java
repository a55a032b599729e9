package org.mixtureofmasks.analyse;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Which tokens chose the experts of one layer. */
final class LayerTally {
  private final int[][] byDataSet; // D x E
  private final Map<Integer, int[]> byToken = new HashMap<>(); // id -> E
  private final List<Contexts> contexts; // E
  private final RouterStatistics router = new RouterStatistics();

  LayerTally(int experts, int dataSets) {
    byDataSet = new int[dataSets][experts];
    contexts = Stream.generate(Contexts::new).limit(experts).toList();
  }

  /**
   * Adds a token.
   *
   * @param dataSet its data set, from 0
   * @param sequence the ids around it, {@code sequence[position]} its own
   * @param experts those it chose
   * @param p the router's distribution over experts
   */
  void add(int dataSet, int[] sequence, int position, int[] experts, double[] p) {
    router.add(p);
    int[] ofToken = byToken.computeIfAbsent(sequence[position], _ -> new int[contexts.size()]);
    for (int e : experts) {
      byDataSet[dataSet][e]++;
      ofToken[e]++;
      contexts.get(e).offer(sequence, position, p[e]);
    }
  }

  int experts() {
    return contexts.size();
  }

  /** Tokens of each expert, E. */
  long[] counts() {
    long[] counts = new long[experts()];
    for (int[] row : byDataSet) {
      for (int e = 0; e < counts.length; e++) {
        counts[e] += row[e];
      }
    }
    return counts;
  }

  /** Tokens of a data set that chose each expert, E. */
  int[] counts(int dataSet) {
    return byDataSet[dataSet].clone();
  }

  /** By token id, how often each expert was chosen for it, E. */
  Map<Integer, int[]> byToken() {
    return byToken;
  }

  /** By data set, the same. */
  Collection<int[]> byDataSet() {
    return List.of(byDataSet);
  }

  Contexts contexts(int expert) {
    return contexts.get(expert);
  }

  RouterStatistics router() {
    return router;
  }
}
