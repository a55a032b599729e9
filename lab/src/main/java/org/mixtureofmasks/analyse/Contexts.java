package org.mixtureofmasks.analyse;

import java.util.ArrayList;
import java.util.List;

/**
 * Where an expert was chosen most decidedly: the occurrences with the highest router probability,
 * one for each token id.
 */
final class Contexts {
  private static final int MOST = 5;

  /**
   * An occurrence in the data.
   *
   * @param sequence the token ids around it
   * @param position of the token in them
   * @param probability the router's, of the expert
   */
  record Occurrence(int[] sequence, int position, double probability) {
    int token() {
      return sequence[position];
    }
  }

  private final List<Occurrence> occurrences = new ArrayList<>();

  /** Takes an occurrence in if it is among the best; of equal ones the first stays. */
  void offer(int[] sequence, int position, double probability) {
    if (occurrences.size() == MOST && probability <= occurrences.getLast().probability) {
      return;
    }
    Occurrence occurrence = new Occurrence(sequence, position, probability);
    for (Occurrence other : occurrences) {
      if (other.token() == occurrence.token()) {
        if (other.probability >= probability) {
          return;
        }
        occurrences.remove(other);
        break;
      }
    }
    int at = occurrences.size();
    while (at > 0 && occurrences.get(at - 1).probability < probability) {
      at--;
    }
    occurrences.add(at, occurrence);
    if (occurrences.size() > MOST) {
      occurrences.removeLast();
    }
  }

  /** The best occurrences, the most decided first. */
  List<Occurrence> occurrences() {
    return List.copyOf(occurrences);
  }
}
