package org.mixtureofmasks.model;

import java.util.Arrays;

/** The routing decision of each token of a batch in one layer: its experts and their weights. */
final class RoutingDecisions {
  private final int most;
  private final int[] experts; // tokens x most
  private final float[] weights; // tokens x most
  private final int[] counts; // tokens

  /**
   * @param tokens of a batch
   * @param most experts of one token
   */
  RoutingDecisions(int tokens, int most) {
    this.most = most;
    experts = new int[Math.multiplyExact(tokens, most)];
    weights = new float[tokens * most];
    counts = new int[tokens];
  }

  /** Experts of one token at most. */
  int most() {
    return most;
  }

  /** Experts of a token, possibly none. */
  int count(int token) {
    return counts[token];
  }

  /** The i-th of them. */
  int expert(int token, int i) {
    return experts[token * most + i];
  }

  /** A copy of all of them. */
  int[] of(int token) {
    return Arrays.copyOfRange(experts, token * most, token * most + counts[token]);
  }

  /** Its weight. */
  float weight(int token, int i) {
    return weights[token * most + i];
  }

  void weigh(int token, int i, double weight) {
    weights[token * most + i] = (float) weight;
  }

  void clear(int token) {
    counts[token] = 0;
  }

  void add(int token, int expert) {
    experts[token * most + counts[token]++] = expert;
  }

  boolean has(int token, int expert) {
    for (int i = 0; i < counts[token]; i++) {
      if (experts[token * most + i] == expert) {
        return true;
      }
    }
    return false;
  }

  /**
   * All pairs of one of the first {@code tokens} tokens and an expert that it chose, ordered by
   * expert, then by token: token * {@link #most} + its place among the token's experts.
   *
   * @param expertCount E
   */
  int[] pairsByExpert(int tokens, int expertCount) {
    int[] next = new int[expertCount + 1];
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < counts[t]; i++) {
        next[expert(t, i) + 1]++;
      }
    }
    for (int e = 0; e < expertCount; e++) {
      next[e + 1] += next[e];
    }
    int[] pairs = new int[next[expertCount]];
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < counts[t]; i++) {
        pairs[next[expert(t, i)]++] = t * most + i;
      }
    }
    return pairs;
  }
}
