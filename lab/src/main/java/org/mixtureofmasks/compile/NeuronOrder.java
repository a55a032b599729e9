package org.mixtureofmasks.compile;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.format.Mask;

/**
 * An order of a layer's live neurons in which experts are few runs. Twice the number of runs is the
 * length of the path through the neurons in Hamming distance of their memberships, from nothing and
 * back to nothing; so this is the travelling salesman's problem, solved as usual: nearest
 * neighbour, then 2-opt and moves of short pieces over each neuron's nearest neighbours until
 * nothing improves. Deterministic.
 */
final class NeuronOrder {
  /** Candidates for a better neighbour. */
  private static final int NEIGHBOURS = 8;

  /** Longest piece that is moved whole. */
  private static final int PIECE = 3;

  private static final int MAX_PASSES = 40;

  private final Memberships memberships;
  private final int[] path;
  private final int[] position;

  private NeuronOrder(Memberships memberships, int[] path) {
    this.memberships = memberships;
    this.path = path;
    this.position = new int[memberships.neurons()];
    for (int i = 0; i < path.length; i++) {
      position[path[i]] = i;
    }
  }

  /**
   * @param masks of the layer's experts
   * @return the live neurons, those in every mask first (ascending), then the others
   */
  static int[] of(List<Mask> masks) {
    Memberships memberships = Memberships.of(masks);
    int[] shared = memberships.shared();
    int[] rest = memberships.independent();
    if (rest.length == 0) {
      return shared;
    }
    int[] sorted = nearestNeighbours(memberships, shared, rest);
    NeuronOrder order = new NeuronOrder(memberships, sorted);
    order.improve(neighbours(memberships, rest), shared.length == 0 ? -1 : shared[0]);
    return IntStream.concat(Arrays.stream(shared), Arrays.stream(order.path)).toArray();
  }

  /** Each next neuron is the nearest of those left; ties to the lower index. */
  private static int[] nearestNeighbours(Memberships m, int[] shared, int[] rest) {
    int[] left = rest.clone();
    for (int i = 0; i < left.length; i++) {
      int best = i;
      int bestDistance = Integer.MAX_VALUE;
      for (int c = i; c < left.length; c++) {
        int from = i > 0 ? left[i - 1] : shared.length > 0 ? shared[0] : -1;
        int d = from < 0 ? m.owners(left[c]) : m.distance(from, left[c]);
        if (d < bestDistance || d == bestDistance && left[c] < left[best]) {
          best = c;
          bestDistance = d;
        }
      }
      int next = left[best];
      left[best] = left[i];
      left[i] = next;
    }
    return left;
  }

  private static int[][] neighbours(Memberships m, int[] nodes) {
    int[][] nearest = new int[m.neurons()][];
    for (int a : nodes) {
      nearest[a] =
          Arrays.stream(nodes)
              .filter(b -> b != a)
              .mapToLong(b -> (long) m.distance(a, b) << 32 | b)
              .sorted()
              .limit(NEIGHBOURS)
              .mapToInt(key -> (int) key)
              .toArray();
    }
    return nearest;
  }

  /**
   * @param before the neuron before the path: a shared one, or -1 for nothing
   */
  private void improve(int[][] neighbours, int before) {
    boolean better = true;
    for (int pass = 0; better && pass < MAX_PASSES; pass++) {
      better = false;
      for (int i = 0; i < path.length; i++) {
        int a = path[i];
        for (int c : neighbours[a]) {
          better |= reverseBetween(position[a], position[c], before);
          better |= movePiece(position[a], position[c], before);
        }
      }
    }
  }

  /**
   * 2-opt: reverses a piece so that the neurons at i and j become neighbours, if that is shorter.
   */
  private boolean reverseBetween(int i, int j, int before) {
    int low = Math.min(i, j);
    int high = Math.max(i, j);
    return reverseIfShorter(low + 1, high, before) || reverseIfShorter(low, high - 1, before);
  }

  private boolean reverseIfShorter(int from, int to, int before) {
    if (from >= to) {
      return false;
    }
    int now = step(from - 1, from, before) + step(to, to + 1, before);
    int then = step(from - 1, to, before) + step(from, to + 1, before);
    if (then >= now) {
      return false;
    }
    reverse(from, to);
    return true;
  }

  /** Moves a piece that begins or ends at i next to j, if that is shorter. */
  private boolean movePiece(int i, int j, int before) {
    for (int length = 1; length <= PIECE; length++) {
      if (moveIfShorter(i, length, j, before) || moveIfShorter(i - length + 1, length, j, before)) {
        return true;
      }
    }
    return false;
  }

  /** Moves path[from, from + length) right behind j, either way round. */
  private boolean moveIfShorter(int from, int length, int j, int before) {
    int to = from + length - 1;
    if (from < 0 || to >= path.length || j >= from - 1 && j <= to) {
      return false;
    }
    int gain =
        step(from - 1, from, before)
            + step(to, to + 1, before)
            - step(from - 1, to + 1, before)
            + step(j, j + 1, before);
    boolean straight = gain > step(j, from, before) + step(to, j + 1, before);
    boolean turned = gain > step(j, to, before) + step(from, j + 1, before);
    if (!straight && !turned) {
      return false;
    }
    // A move is at most three reversals: of the piece with what it passes, then of each.
    if (j > to) {
      reverse(from, j);
      reverse(from, j - length);
      if (straight) {
        reverse(j - length + 1, j);
      }
    } else {
      reverse(j + 1, to);
      reverse(j + 1 + length, to);
      if (straight) {
        reverse(j + 1, j + length);
      }
    }
    return true;
  }

  private void reverse(int from, int to) {
    for (int a = from, b = to; a < b; a++, b--) {
      int swap = path[a];
      path[a] = path[b];
      path[b] = swap;
    }
    for (int a = from; a <= to; a++) {
      position[path[a]] = a;
    }
  }

  /** Distance between two places of the path; -1 is what stands before it, its length nothing. */
  private int step(int i, int j, int before) {
    int a = i < 0 ? before : i == path.length ? -1 : path[i];
    int b = j < 0 ? before : j == path.length ? -1 : path[j];
    if (a < 0 || b < 0) {
      int other = Math.max(a, b);
      return other < 0 ? 0 : memberships.owners(other);
    }
    return memberships.distance(a, b);
  }
}
