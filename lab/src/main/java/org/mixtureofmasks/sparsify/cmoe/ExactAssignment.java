package org.mixtureofmasks.sparsify.cmoe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Items to groups of equal size at the smallest total cost, exactly: what Jonker and Volgenant's
 * algorithm finds when each group's column is repeated, but with the groups as the nodes, since
 * there are few of them. Items come one by one; each takes the cheapest chain of moves (it pushes
 * an item of a full group on to another one, and so on) that ends in a group with room. Chains of
 * smallest cost keep the whole at its optimum (successive shortest paths).
 */
final class ExactAssignment {
  private static final long NONE = Long.MAX_VALUE;

  private final long[][] cost;
  private final int groups;
  private final int capacity;
  private final List<List<Integer>> members = new ArrayList<>();

  /** From group i to group j: the smallest rise in cost of moving one member, and which one. */
  private final long[][] rise;

  private final int[][] mover;

  private ExactAssignment(long[][] cost) {
    this.cost = cost;
    this.groups = cost[0].length;
    this.capacity = cost.length / groups;
    this.rise = new long[groups][groups];
    this.mover = new int[groups][groups];
    for (int g = 0; g < groups; g++) {
      members.add(new ArrayList<>(capacity));
      Arrays.fill(rise[g], NONE);
    }
  }

  /**
   * @param cost items x groups; whole numbers, so that sums are exact
   * @return the group of each item, every group equally often
   * @throws IllegalArgumentException if the groups cannot be equal
   */
  static int[] solve(long[][] cost) {
    if (cost.length == 0 || cost.length % cost[0].length != 0) {
      throw new IllegalArgumentException(
          "%s items do not make equal groups".formatted(cost.length));
    }
    ExactAssignment assignment = new ExactAssignment(cost);
    for (int item = 0; item < cost.length; item++) {
      assignment.add(item);
    }
    int[] group = new int[cost.length];
    for (int g = 0; g < assignment.groups; g++) {
      for (int item : assignment.members.get(g)) {
        group[item] = g;
      }
    }
    return group;
  }

  private void add(int item) {
    long[] distance = cost[item].clone();
    int[] from = new int[groups];
    Arrays.fill(from, -1);
    // Bellman and Ford: a rise may be negative, a cycle of them never is.
    for (boolean changed = true; changed; ) {
      changed = false;
      for (int i = 0; i < groups; i++) {
        for (int j = 0; j < groups; j++) {
          if (rise[i][j] != NONE && distance[i] + rise[i][j] < distance[j]) {
            distance[j] = distance[i] + rise[i][j];
            from[j] = i;
            changed = true;
          }
        }
      }
    }
    int end = -1;
    for (int g = 0; g < groups; g++) {
      if (members.get(g).size() < capacity && (end < 0 || distance[g] < distance[end])) {
        end = g;
      }
    }
    push(item, end, from);
  }

  /** Moves one member along each link of the chain that ends in a group, then adds the item. */
  private void push(int item, int end, int[] from) {
    int to = end;
    while (from[to] >= 0) {
      int moved = mover[from[to]][to];
      members.get(from[to]).remove(Integer.valueOf(moved));
      members.get(to).add(moved);
      to = from[to];
    }
    members.get(to).add(item);
    for (int g = end; g >= 0; g = from[g]) {
      findMovers(g);
    }
  }

  private void findMovers(int i) {
    Arrays.fill(rise[i], NONE);
    for (int item : members.get(i)) {
      for (int j = 0; j < groups; j++) {
        long r = cost[item][j] - cost[item][i];
        if (j != i && r < rise[i][j]) {
          rise[i][j] = r;
          mover[i][j] = item;
        }
      }
    }
  }
}
