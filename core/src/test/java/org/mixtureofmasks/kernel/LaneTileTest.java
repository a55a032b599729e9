package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LaneTileTest {
  private static final int TILE = 8;

  @Test
  void anExpertWithManyLanesHasTilesOfItsOwnAndHalfOfOneForTheRest() {
    List<Lane> lanes = new ArrayList<>();
    add(lanes, 20, neurons(0, 50)); // two whole tiles and half of one
    assertEquals(List.of("8 of 8: 50", "8 of 8: 50", "4 of 4: 50"), cut(lanes));
  }

  @Test
  void whatIsLeftOfExpertsThatHaveLittleInCommonSharesNoWholeTile() {
    List<Lane> lanes = new ArrayList<>();
    add(lanes, 4, neurons(0, 50));
    add(lanes, 4, neurons(50, 100));
    assertEquals(List.of("4 of 4: 50", "4 of 4: 50"), cut(lanes));
  }

  @Test
  void whatIsLeftOfExpertsThatHaveMostInCommonSharesAWholeTile() {
    List<Lane> lanes = new ArrayList<>();
    add(lanes, 3, neurons(0, 50));
    add(lanes, 3, neurons(5, 55));
    assertEquals(List.of("6 of 8: 55"), cut(lanes));
  }

  @Test
  void singleLanesFillTilesInTheirOrder() {
    List<Lane> lanes = new ArrayList<>();
    for (int e = 0; e < 10; e++) {
      add(lanes, 1, neurons(e, e + 60));
    }
    assertEquals(List.of("8 of 8: 67", "2 of 4: 61"), cut(lanes));
  }

  @Test
  void lanesWithoutNeuronsCostNothing() {
    List<Lane> lanes = new ArrayList<>();
    add(lanes, 3, neurons(0, 0));
    assertEquals(List.of("3 of 4: 0"), cut(lanes));
    assertEquals(List.of(), cut(List.of()));
  }

  private static void add(List<Lane> lanes, int count, int[] neurons) {
    for (int t = 0; t < count; t++) {
      Lane lane = new Lane();
      lane.neurons = neurons;
      lane.size = neurons.length;
      lanes.add(lane);
    }
  }

  private static int[] neurons(int from, int to) {
    return IntStream.range(from, to).toArray();
  }

  /** Each tile as lanes of width: neurons held. */
  private static List<String> cut(List<Lane> lanes) {
    return LaneTile.cut(lanes, TILE).stream()
        .map(t -> "%d of %d: %d".formatted(t.lanes().size(), t.width(), t.held().size()))
        .toList();
  }
}
