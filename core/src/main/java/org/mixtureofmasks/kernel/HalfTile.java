package org.mixtureofmasks.kernel;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Lanes that fill a vector, and the neurons that some of them hold: all of these are computed for
 * the whole vector. So lanes of one expert have halves of their own as far as they fill them; what
 * is left goes together with experts that add few neurons.
 */
final class HalfTile {
  /** Stands where there are fewer lanes than places. */
  private static final Lane IDLE = new Lane();

  /** How many of the remaining lists are looked at for the next place. */
  private static final int CANDIDATES = 32;

  /** Lanes with one list. */
  private record Group(List<Lane> lanes, NeuronSet held) {
    static final Comparator<Group> LARGEST_FIRST =
        Comparator.comparingInt((Group group) -> group.lanes.size()).reversed();
  }

  private final List<Lane> lanes = new ArrayList<>();
  private final int width;
  private NeuronSet held = NeuronSet.EMPTY;

  private HalfTile(int width) {
    this.width = width;
  }

  /** Cuts lanes into halves of so many; those with the same list stand next to each other. */
  static List<HalfTile> cut(List<Lane> lanes, int width) {
    List<HalfTile> halves = new ArrayList<>();
    List<Group> left = new ArrayList<>();
    for (Group group : groups(lanes)) {
      int whole = group.lanes.size() / width * width;
      for (int from = 0; from < whole; from += width) {
        HalfTile half = new HalfTile(width);
        half.add(new Group(group.lanes.subList(from, from + width), group.held));
        halves.add(half);
      }
      if (whole < group.lanes.size()) {
        left.add(new Group(group.lanes.subList(whole, group.lanes.size()), group.held));
      }
    }
    left.sort(Group.LARGEST_FIRST); // what is small finds room more easily
    while (!left.isEmpty()) {
      HalfTile half = new HalfTile(width);
      for (int next = 0; next >= 0; next = half.nearest(left)) {
        half.add(left.remove(next));
      }
      halves.add(half);
    }
    return halves;
  }

  @SuppressWarnings("ReferenceEquality") // lanes of one expert share its list
  private static List<Group> groups(List<Lane> lanes) {
    List<Group> groups = new ArrayList<>();
    for (int from = 0; from < lanes.size(); ) {
      Lane first = lanes.get(from);
      int to = from + 1;
      while (to < lanes.size() && lanes.get(to).neurons == first.neurons) {
        to++;
      }
      NeuronSet known = first.held;
      NeuronSet held = known == null ? NeuronSet.of(first.neurons, first.size) : known;
      groups.add(new Group(lanes.subList(from, to), held));
      from = to;
    }
    return groups;
  }

  private void add(Group group) {
    lanes.addAll(group.lanes);
    held = held.or(group.held);
  }

  /** Which group adds the fewest neurons for each of its lanes; -1 if there is room for none. */
  private int nearest(List<Group> groups) {
    int room = width - lanes.size();
    int nearest = -1;
    double fewest = Double.MAX_VALUE;
    for (int i = 0; room > 0 && i < Math.min(CANDIDATES, groups.size()); i++) {
      Group group = groups.get(i);
      int size = group.lanes.size();
      double added = (double) group.held.without(held) / size;
      if (size <= room && added < fewest) {
        nearest = i;
        fewest = added;
      }
    }
    return nearest;
  }

  /**
   * The lanes of two halves each, those together that have the most neurons in common: these are
   * computed for both at once, which costs less than twice a half. A last half stays alone.
   */
  static List<List<Lane>> pairs(List<HalfTile> halves) {
    List<HalfTile> left = new ArrayList<>(halves);
    List<List<Lane>> pairs = new ArrayList<>();
    while (!left.isEmpty()) {
      HalfTile first = left.removeFirst();
      List<Lane> lanes = first.padded();
      int nearest = -1;
      int most = -1;
      for (int i = 0; i < left.size(); i++) {
        int common = first.held.common(left.get(i).held);
        if (common > most) {
          nearest = i;
          most = common;
        }
      }
      if (nearest >= 0) {
        lanes.addAll(left.remove(nearest).padded());
      }
      pairs.add(lanes);
    }
    return pairs;
  }

  private List<Lane> padded() {
    List<Lane> all = new ArrayList<>(lanes);
    while (all.size() < width) {
      all.add(IDLE);
    }
    return all;
  }
}
