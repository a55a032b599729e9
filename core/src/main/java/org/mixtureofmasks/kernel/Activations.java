package org.mixtureofmasks.kernel;

/**
 * One caller's tokens x columns activations, row-major, with their reordered copy for matrices that
 * want one (see {@link Matrix}). Whoever writes {@link #values} calls {@link #changed}.
 */
public final class Activations {
  private final float[] values;
  private int columns;
  private float[] split;
  private boolean fresh;
  private final float[][] tiles = new float[2][]; // of the plain and of the split order, or null
  private final boolean[] freshTiles = new boolean[2];
  private int tokens;

  /** Room for up to {@code capacity} tokens. */
  public Activations(int capacity, int columns) {
    this.columns = columns;
    this.values = new float[Math.multiplyExact(capacity, columns)];
  }

  public int columns() {
    return columns;
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
    changed(0);
  }

  /** Says that the first {@code rows} rows hold new values. */
  public void changed(int rows) {
    if (rows < 0 || (long) rows * columns > values.length) {
      throw new IllegalArgumentException(rows + " tokens do not fit");
    }
    tokens = rows;
    fresh = false;
    freshTiles[0] = false;
    freshTiles[1] = false;
  }

  /**
   * The rows in the order that the kernels of {@code matrix} want, computed once after each change.
   * Not for concurrent calls: ask before the work is shared out.
   */
  public float[] ordered(Matrix matrix, Team team) {
    if (!matrix.splits()) {
      return values;
    }
    if (split == null) {
      split = new float[values.length];
    }
    if (!fresh) {
      team.forEach(
          tokens,
          (t, part) -> team.kernels().split(values, t * columns, split, t * columns, columns));
      fresh = true;
    }
    return split;
  }

  /**
   * The rows tile by tile, transposed within each, computed once after each change; what is beyond
   * the last row is anything. Not for concurrent calls: ask before the work is shared out.
   */
  float[] tiles(Matrix matrix, Team team) {
    int order = matrix.splits() ? 1 : 0;
    if (!freshTiles[order]) {
      float[] rows = ordered(matrix, team);
      int tile = team.kernels().tileTokens();
      int count = Math.ceilDiv(tokens, tile);
      if (tiles[order] == null || tiles[order].length < Math.multiplyExact(count * tile, columns)) {
        tiles[order] = new float[count * tile * columns];
      }
      float[] to = tiles[order];
      team.forEach(
          count,
          (i, part) -> {
            int at = i * tile * columns;
            int used = Math.min(tile, tokens - i * tile);
            team.kernels().transpose(rows, at, used, columns, to, at);
          });
      freshTiles[order] = true;
    }
    return tiles[order];
  }
}
