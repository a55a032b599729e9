package org.mixtureofmasks.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * Lanes that are computed together: those of one half tile, or of two. A half has as many lanes as
 * a vector has; every neuron that one of them holds is computed for all of them.
 *
 * @param lanes the first half's, then the second's; idle ones hold no neurons
 * @param shares lanes that hold the same neurons, all of them together
 * @param even whether all neurons of a lane have the same factor
 */
record LaneTile(List<Lane> lanes, List<Share> shares, boolean even) {
  /**
   * Lanes with one list and factors that are not 0.
   *
   * @param lane any of them
   * @param bits bit t is set for lane t of the tile
   */
  record Share(Lane lane, int bits) {}

  /** Of lanes that are made up of halves. */
  @SuppressWarnings("ReferenceEquality") // lanes of one expert share its list
  static LaneTile of(List<Lane> lanes) {
    List<Share> shares = new ArrayList<>();
    boolean even = true;
    for (int t = 0; t < lanes.size(); ) {
      Lane first = lanes.get(t);
      int bits = 0;
      for (; t < lanes.size() && lanes.get(t).neurons == first.neurons; t++) {
        Lane lane = lanes.get(t);
        bits |= lane.factors == null && lane.factor == 0 ? 0 : 1 << t;
        even &= lane.factors == null;
      }
      shares.add(new Share(first, bits));
    }
    return new LaneTile(List.copyOf(lanes), List.copyOf(shares), even);
  }

  int width() {
    return lanes.size();
  }

  /**
   * Cuts lanes into tiles; those with the same list stand next to each other.
   *
   * @param lanes in the order of their lists
   * @param tile lanes of a whole tile
   */
  static List<LaneTile> cut(List<Lane> lanes, int tile) {
    return HalfTile.pairs(HalfTile.cut(lanes, tile / 2)).stream().map(LaneTile::of).toList();
  }
}
