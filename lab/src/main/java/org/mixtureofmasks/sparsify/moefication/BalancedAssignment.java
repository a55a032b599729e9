package org.mixtureofmasks.sparsify.moefication;

import java.util.Arrays;

/**
 * Rows to groups of exactly equal size, with a large total benefit: greedy at first, then exchanges
 * between two groups until none gains. Deterministic.
 */
final class BalancedAssignment {
  /** Exchanges end by themselves, since each gains; this bounds the time of a bad case. */
  private static final int SWEEPS = 100;

  private final float[] benefit;
  private final int groups;
  private final int rows;

  /**
   * @param benefit of putting a row into a group, rows x groups, row-major, finite
   * @param groups divides the number of rows
   */
  BalancedAssignment(float[] benefit, int groups) {
    this.benefit = benefit;
    this.groups = groups;
    this.rows = benefit.length / groups;
    if (rows * groups != benefit.length || rows % groups != 0) {
      throw new IllegalArgumentException(
          "%s benefits for %s groups".formatted(benefit.length, groups));
    }
  }

  /**
   * The pairs of the largest benefit first, while row and group are free: the group of each row.
   */
  int[] greedy() {
    long[] order = new long[benefit.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = (long) ascending(-benefit[i]) << 32 | i;
    }
    Arrays.sort(order);
    int[] groupOf = new int[rows];
    Arrays.fill(groupOf, -1);
    int[] room = new int[groups];
    Arrays.fill(room, rows / groups);
    for (long key : order) {
      int row = (int) key / groups;
      int group = (int) key % groups;
      if (groupOf[row] < 0 && room[group] > 0) {
        groupOf[row] = group;
        room[group]--;
      }
    }
    return groupOf;
  }

  /** An int that orders as the float does (negative zero below zero). */
  private static int ascending(float value) {
    int bits = Float.floatToIntBits(value);
    return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
  }

  /**
   * Exchanges rows of two groups, the pairs that gain most first, until no exchange of two rows
   * gains.
   *
   * @param groupOf equal groups; changed in place
   */
  void exchange(int[] groupOf) {
    boolean moved = true;
    for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
      moved = false;
      for (int a = 0; a < groups; a++) {
        for (int b = a + 1; b < groups; b++) {
          moved |= exchange(groupOf, a, b);
        }
      }
    }
  }

  private boolean exchange(int[] groupOf, int a, int b) {
    Integer[] ofA = byGain(groupOf, a, b);
    Integer[] ofB = byGain(groupOf, b, a);
    int n = 0;
    while (n < ofA.length && gain(ofA[n], a, b) + gain(ofB[n], b, a) > 0) {
      groupOf[ofA[n]] = b;
      groupOf[ofB[n]] = a;
      n++;
    }
    return n > 0;
  }

  /** Rows of a group, those that gain most by going to another first. */
  private Integer[] byGain(int[] groupOf, int from, int to) {
    Integer[] members = new Integer[rows / groups];
    int n = 0;
    for (int row = 0; row < rows; row++) {
      if (groupOf[row] == from) {
        members[n++] = row;
      }
    }
    Arrays.sort(members, (x, y) -> Double.compare(gain(y, from, to), gain(x, from, to)));
    return members;
  }

  private double gain(int row, int from, int to) {
    return (double) benefit[row * groups + to] - benefit[row * groups + from];
  }
}
