package org.mixtureofmasks.score;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.model.Packed;

/** Fills one {@link Packed} after the other with the tokens of a walk through a tree of texts. */
final class Packing {
  /** An id that token {@code index} is asked about, for the sequence {@code owner}. */
  private record Ask(int index, int target, int owner) {}

  private static final int HELD = -1;

  private final int[] tokens;
  private final int[] parents;
  private final List<Ask> asks = new ArrayList<>();
  private int count;

  /** By depth: the index in this pack of the present text's token, HELD if the state has it. */
  private int[] path = {};

  /**
   * @param limit tokens of a pack at most
   */
  Packing(int limit) {
    tokens = new int[limit];
    parents = new int[limit];
  }

  boolean isFull() {
    return count == tokens.length;
  }

  /** The present text, up to {@code depth} tokens of it, goes on with this one. */
  void add(int token, int depth) {
    if (depth >= path.length) {
      int before = path.length;
      path = Arrays.copyOf(path, 2 * depth + 16);
      Arrays.fill(path, before, path.length, HELD);
    }
    tokens[count] = token;
    parents[count] = depth == 0 || path[depth - 1] == HELD ? ~depth : path[depth - 1];
    path[depth] = count++;
  }

  /** The token added last is asked how likely {@code target} is next. */
  void ask(int target, int owner) {
    asks.add(new Ask(count - 1, target, owner));
  }

  /** Whom the pack's targets belong to, by their place. */
  int[] owners() {
    return asks.stream().mapToInt(Ask::owner).toArray();
  }

  /**
   * The pack, for a model that will hold {@code kept} tokens of the present text; the next one is
   * begun.
   */
  Packed take(int kept) {
    Packed pack =
        new Packed(
            Arrays.copyOf(tokens, count),
            Arrays.copyOf(parents, count),
            asks.stream().mapToInt(Ask::index).toArray(),
            asks.stream().mapToInt(Ask::target).toArray(),
            kept);
    Arrays.fill(path, HELD);
    asks.clear();
    count = 0;
    return pack;
  }
}
