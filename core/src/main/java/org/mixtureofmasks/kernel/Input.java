package org.mixtureofmasks.kernel;

/**
 * Activations of some tokens as the kernels of a format read them, made by {@link Order#newInput}.
 * A format that quantises activations extends this class and fills it in {@link Order#prepare}.
 */
public class Input {
  private final float[] floats;
  private int columns;

  /**
   * @param floats tokens x columns in the format's order
   * @param columns of a token
   */
  public Input(float[] floats, int columns) {
    this.floats = floats;
    this.columns = columns;
  }

  /** tokens x columns in the format's order. */
  public final float[] floats() {
    return floats;
  }

  /** Columns of a token. */
  public final int columns() {
    return columns;
  }

  /** Where a token begins in {@link #floats}. */
  public final int at(int token) {
    return token * columns;
  }

  /** From now on tokens are of that many columns. */
  final void reshape(int newColumns) {
    columns = newColumns;
  }
}
