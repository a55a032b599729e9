package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * How the kernels of a number format read activations: in which order their columns lie, and
 * whatever else of them the format wants (a quantised copy, see {@link #newInput}). Rows that are
 * widened and sums of down rows lie in the same order. Formats that share an order share one copy
 * of the activations; orders are compared by identity.
 */
public abstract class Order {
  /** Columns as they are: activations need no copy. */
  public static final Order PLAIN =
      new Order() {
        @Override
        public int place(int column, int columns) {
          return column;
        }

        @Override
        public int column(int place, int columns) {
          return place;
        }

        @Override
        public Input newInput(float[] values, int columns) {
          return new Input(values, columns);
        }

        @Override
        public void prepare(Kernels kernels, float[] values, int token, Input to) {
          // the values themselves are read
        }

        @Override
        public void addTo(float[] y, int yAt, float[] ordered, int at, int columns) {
          for (int i = 0; i < columns; i++) {
            y[yAt + i] += ordered[at + i];
          }
        }
      };

  /** First all even columns, then all odd ones. */
  public static final Order SPLIT =
      new Order() {
        @Override
        public int place(int column, int columns) {
          return (column & 1) == 0 ? column / 2 : (columns + 1) / 2 + column / 2;
        }

        @Override
        public int column(int place, int columns) {
          int half = (columns + 1) / 2;
          return place < half ? 2 * place : 2 * (place - half) + 1;
        }

        @Override
        public void prepare(Kernels kernels, float[] values, int token, Input to) {
          int at = to.at(token);
          kernels.split(values, at, to.floats(), at, to.columns());
        }

        @Override
        public void addTo(float[] y, int yAt, float[] ordered, int at, int columns) {
          int odd = at + (columns + 1) / 2;
          for (int i = 0; i < columns / 2; i++) {
            y[yAt + 2 * i] += ordered[at + i];
            y[yAt + 2 * i + 1] += ordered[odd + i];
          }
          if ((columns & 1) != 0) {
            y[yAt + columns - 1] += ordered[at + columns / 2];
          }
        }
      };

  /** For formats with an order of their own. */
  protected Order() {}

  /** Where a column lies among {@code columns}: both in [0, columns). */
  public abstract int place(int column, int columns);

  /** Which column lies there: what {@link #place} maps to it. */
  public abstract int column(int place, int columns);

  /**
   * Room for activations in this order.
   *
   * @param values tokens x columns in plain order, as many as there will ever be
   * @param columns of a token
   */
  public Input newInput(float[] values, int columns) {
    return new Input(new float[values.length], columns);
  }

  /**
   * Takes over one token of the plain {@code values}. Called for each token once after a change, by
   * several threads for different tokens.
   */
  public void prepare(Kernels kernels, float[] values, int token, Input to) {
    int n = to.columns();
    for (int c = 0; c < n; c++) {
      to.floats()[to.at(token) + place(c, n)] = values[to.at(token) + c];
    }
  }

  /** y[yAt ...] = the sum of what all threads have, each from {@code at} on. */
  final void addUp(float[] y, int yAt, float[][] ofThreads, int at, int columns) {
    Arrays.fill(y, yAt, yAt + columns, 0);
    for (float[] ordered : ofThreads) {
      addTo(y, yAt, ordered, at, columns);
    }
  }

  /** Adds ordered columns from {@code at} on to the plain y[yAt ...]. */
  public void addTo(float[] y, int yAt, float[] ordered, int at, int columns) {
    for (int c = 0; c < columns; c++) {
      y[yAt + c] += ordered[at + place(c, columns)];
    }
  }
}
