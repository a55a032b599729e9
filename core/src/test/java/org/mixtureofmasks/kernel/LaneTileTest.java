package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LaneTileTest {
  private static final int TILE = 8;

  private final List<Lane> lanes = new ArrayList<>();
  private int names;

  @Test
  void anExpertWithManyLanesHasTilesOfItsOwnAndHalfOfOneForTheRest() {
    add(20, neurons(0, 50)); // two whole tiles and half of one
    assertEquals(List.of("AAAAAAAA", "AAAAAAAA", "AAAA"), cut());
  }

  @Test
  void whatIsLeftOfExpertsGoesTogetherWhereItAddsTheFewestNeurons() {
    add(2, neurons(0, 50));
    add(2, neurons(50, 100));
    add(2, neurons(60, 110));
    add(2, neurons(10, 60));
    assertEquals(List.of("AADDBBCC"), cut());
  }

  @Test
  void halvesWithTheMostInCommonMakeATile() {
    add(4, neurons(0, 50));
    add(4, neurons(50, 100));
    add(4, neurons(60, 110));
    add(4, neurons(10, 60));
    assertEquals(List.of("AAAADDDD", "BBBBCCCC"), cut());
  }

  @Test
  void placesThatNoLaneFillsAreIdle() {
    add(3, neurons(0, 50));
    add(3, neurons(5, 55));
    assertEquals(List.of("AAA-BBB-"), cut());
  }

  @Test
  void singleLanesFillTilesWithTheirNeighbours() {
    for (int e = 0; e < 10; e++) {
      add(1, neurons(e, e + 60));
    }
    assertEquals(List.of("ABCDEFGH", "IJ--"), cut());
  }

  @Test
  void lanesWithoutNeuronsCostNothing() {
    add(3, neurons(0, 0));
    BlockLanes block = new BlockLanes(64, TILE);
    assertEquals(List.of("AAA-"), cut());
    assertFalse(block.fill(LaneTile.cut(lanes, TILE).getFirst(), 0, 64));
    assertEquals(List.of(), LaneTile.cut(List.of(), TILE));
  }

  @Test
  void aBlockHasTheNeuronsAndFactorsOfItsLanes() {
    add(2, neurons(0, 5));
    add(1, neurons(3, 8));
    lanes.get(1).factor = 0;
    lanes.get(2).factor = 2;
    BlockLanes block = new BlockLanes(64, TILE);
    assertTrue(block.fill(LaneTile.cut(lanes, TILE).getFirst(), 2, 6));
    assertArrayEquals(new int[] {0b001, 0b101, 0b101, 0b100}, Arrays.copyOf(block.held, 4));
    assertEquals(0, block.apart);
    assertArrayEquals(new float[] {1, 0, 2, 0}, Arrays.copyOf(block.factors, 4));
  }

  @Test
  void lanesWithFactorsOfTheirOwnHaveThemByNeuron() {
    add(1, neurons(0, 3));
    add(1, neurons(1, 4));
    lanes.get(1).factors = new float[] {0, 5, 6};
    BlockLanes block = new BlockLanes(64, TILE);
    assertTrue(block.fill(LaneTile.cut(lanes, TILE).getFirst(), 1, 4));
    assertEquals(4, block.apart);
    assertArrayEquals(new int[] {0b01, 0b11, 0b10}, Arrays.copyOf(block.held, 3));
    assertArrayEquals(
        new float[] {1, 0, 0, 0, 1, 5, 0, 0, 0, 6, 0, 0}, Arrays.copyOf(block.factors, 12));
  }

  private void add(int count, int[] neurons) {
    for (int t = 0; t < count; t++) {
      Lane lane = new Lane();
      lane.neurons = neurons;
      lane.size = neurons.length;
      lane.factor = 1;
      lane.token = names;
      lanes.add(lane);
    }
    names++;
  }

  private static int[] neurons(int from, int to) {
    return IntStream.range(from, to).toArray();
  }

  /** The lanes of each tile: those that came together have one letter, idle ones a dash. */
  private List<String> cut() {
    return LaneTile.cut(lanes, TILE).stream()
        .map(tile -> tile.lanes().stream().map(this::name).collect(Collectors.joining()))
        .toList();
  }

  private String name(Lane lane) {
    return lanes.contains(lane) ? String.valueOf((char) ('A' + lane.token)) : "-";
  }
}
