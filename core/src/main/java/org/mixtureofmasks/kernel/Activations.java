package org.mixtureofmasks.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * One caller's tokens x columns activations, row-major, with a copy for each {@link Order} that
 * matrices want them in. Whoever writes {@link #values} calls {@link #changed}.
 */
public final class Activations {
  private final float[] values;
  private int columns;
  private final List<Copy> copies = new ArrayList<>(); // one for each order that was asked for
  private int tokens;
  private boolean step;

  /** The activations in one order, and transposed within tiles of tokens. */
  private static final class Copy {
    final Order order;
    final Input input;
    boolean fresh;
    float[] tiles = {};
    boolean freshTiles;

    Copy(Order order, Input input) {
      this.order = order;
      this.input = input;
    }
  }

  /** Room for up to {@code capacity} tokens. */
  public Activations(int capacity, int columns) {
    this.columns = columns;
    this.values = new float[Math.multiplyExact(capacity, columns)];
  }

  public int columns() {
    return columns;
  }

  /**
   * Says what the rows of the passes to come are.
   *
   * @param newStep true: a step, one new token of each of several texts, whose products add up as
   *     each token's do alone; false: tokens whose products add up as is fastest for so many
   */
  public void step(boolean newStep) {
    step = newStep;
  }

  /** Whether each row's products add up as if it were the only one. */
  boolean step() {
    return step;
  }

  /** Rows in use. */
  public int tokens() {
    return tokens;
  }

  /** tokens x columns, plain order; changes are made known by {@link #changed}. */
  public float[] values() {
    return values;
  }

  /** From now on rows are of that many columns; nothing is in use. */
  public void reshape(int newColumns) {
    columns = newColumns;
    for (Copy copy : copies) {
      copy.input.reshape(newColumns);
    }
    changed(0);
  }

  /** Says that the first {@code rows} rows hold new values. */
  public void changed(int rows) {
    if (rows < 0 || (long) rows * columns > values.length) {
      throw new IllegalArgumentException("%d tokens do not fit".formatted(rows));
    }
    tokens = rows;
    for (Copy copy : copies) {
      copy.fresh = false;
      copy.freshTiles = false;
    }
  }

  @SuppressWarnings("ReferenceEquality") // orders are compared by identity
  private Copy copy(Order order) {
    for (Copy copy : copies) {
      if (copy.order == order) {
        return copy;
      }
    }
    Copy copy = new Copy(order, order.newInput(values, columns));
    copies.add(copy);
    return copy;
  }

  /**
   * The rows as the kernels of a format read them, prepared once after each change. Not for
   * concurrent calls: ask before the work is shared out.
   */
  public Input input(Format format, ParallelKernels kernels) {
    return fresh(copy(format.order()), kernels).input;
  }

  @SuppressWarnings("ReferenceEquality") // orders are compared by identity
  private Copy fresh(Copy copy, ParallelKernels kernels) {
    if (!copy.fresh && copy.order != Order.PLAIN) {
      kernels.forEach(
          tokens, (t, part) -> copy.order.prepare(kernels.kernels(), values, t, copy.input));
      copy.fresh = true;
    }
    return copy;
  }

  /**
   * The rows tile by tile, transposed within each, computed once after each change; what is beyond
   * the last row is anything. Not for concurrent calls: ask before the work is shared out.
   */
  float[] tiles(Format format, ParallelKernels kernels) {
    Copy copy = fresh(copy(format.order()), kernels);
    if (!copy.freshTiles) {
      int tile = kernels.kernels().tileTokens();
      int count = Math.ceilDiv(tokens, tile);
      if (copy.tiles.length < Math.multiplyExact(count * tile, columns)) {
        copy.tiles = new float[count * tile * columns];
      }
      float[] rows = copy.input.floats();
      float[] to = copy.tiles;
      kernels.forEach(
          count,
          (i, part) -> {
            int at = i * tile * columns;
            int used = Math.min(tile, tokens - i * tile);
            kernels.kernels().transpose(rows, at, used, columns, tile, to, at);
          });
      copy.freshTiles = true;
    }
    return copy.tiles;
  }
}
