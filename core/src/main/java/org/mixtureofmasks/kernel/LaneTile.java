package org.mixtureofmasks.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * Lanes that are computed together: a tile of {@link Kernels#tileTokens} lanes, or half of one.
 * Every neuron that one of them holds is computed for all of them, so a tile costs the number of
 * these neurons times its width; lanes of one expert fill tiles of their own, what is left of
 * several experts shares a tile where that costs less.
 *
 * @param lanes at most {@code width}
 * @param width tileTokens or half of it
 * @param held neurons that some lane holds
 */
record LaneTile(List<Lane> lanes, int width, NeuronSet held) {
  /**
   * What a neuron costs a half tile, in those of a whole one: its kernels load more for each
   * multiplication (measured: 0.7 to 0.85 of the whole one's rate, AVX-512).
   */
  private static final double HALF = 0.65;

  /**
   * Cuts lanes into tiles; those with the same list stand next to each other.
   *
   * @param lanes in the order of their lists
   * @param tile lanes of a whole tile
   */
  static List<LaneTile> cut(List<Lane> lanes, int tile) {
    List<LaneTile> halves = halves(lanes, tile / 2);
    List<LaneTile> tiles = new ArrayList<>();
    for (int i = 0; i < halves.size(); i++) {
      LaneTile half = halves.get(i);
      if (i + 1 < halves.size()) {
        LaneTile both = half.with(halves.get(i + 1));
        double apart = HALF * (half.held.size() + halves.get(i + 1).held.size());
        if (both.held.size() <= apart) {
          half = both;
          i++;
        }
      }
      tiles.add(half);
    }
    return tiles;
  }

  private LaneTile with(LaneTile next) {
    List<Lane> both = new ArrayList<>(lanes);
    both.addAll(next.lanes);
    return new LaneTile(both, 2 * width, held.or(next.held));
  }

  /** As many full ones as each list has lanes for; what is left over, in the first with room. */
  @SuppressWarnings("ReferenceEquality") // lanes of one expert share its list
  private static List<LaneTile> halves(List<Lane> lanes, int width) {
    List<LaneTile> halves = new ArrayList<>();
    int open = 0; // none before it has room
    for (int from = 0; from < lanes.size(); ) {
      Lane first = lanes.get(from);
      int to = from + 1;
      while (to < lanes.size() && lanes.get(to).neurons == first.neurons) {
        to++;
      }
      NeuronSet held = NeuronSet.of(first.neurons, first.size);
      for (; to - from >= width; from += width) {
        halves.add(new LaneTile(new ArrayList<>(lanes.subList(from, from + width)), width, held));
      }
      if (from < to) {
        while (open < halves.size() && halves.get(open).room() == 0) {
          open++;
        }
        add(halves, open, lanes.subList(from, to), width, held);
      }
      from = to;
    }
    return halves;
  }

  private int room() {
    return width - lanes.size();
  }

  private static void add(
      List<LaneTile> halves, int open, List<Lane> left, int width, NeuronSet held) {
    for (int i = open; i < halves.size(); i++) {
      LaneTile half = halves.get(i);
      if (half.room() >= left.size()) {
        half.lanes.addAll(left);
        halves.set(i, new LaneTile(half.lanes, width, half.held.or(held)));
        return;
      }
    }
    halves.add(new LaneTile(new ArrayList<>(left), width, held));
  }
}
