package org.mixtureofmasks.analyse;

import java.util.ArrayList;
import java.util.List;

/**
 * Where an expert was chosen most decidedly: the places with the highest router probability, one
 * for each token id.
 */
final class Contexts {
  private static final int MOST = 5;

  /**
   * A place in the data.
   *
   * @param sequence the token ids around it
   * @param position of the token in them
   * @param probability the router's, of the expert
   */
  record Place(int[] sequence, int position, double probability) {
    int token() {
      return sequence[position];
    }
  }

  private final List<Place> places = new ArrayList<>();

  /** Takes a place in if it is among the best; of equal ones the first stays. */
  void offer(int[] sequence, int position, double probability) {
    if (places.size() == MOST && probability <= places.getLast().probability) {
      return;
    }
    Place place = new Place(sequence, position, probability);
    for (Place other : places) {
      if (other.token() == place.token()) {
        if (other.probability >= probability) {
          return;
        }
        places.remove(other);
        break;
      }
    }
    int at = places.size();
    while (at > 0 && places.get(at - 1).probability < probability) {
      at--;
    }
    places.add(at, place);
    if (places.size() > MOST) {
      places.removeLast();
    }
  }

  /** The best places, the most decided first. */
  List<Place> places() {
    return List.copyOf(places);
  }
}
