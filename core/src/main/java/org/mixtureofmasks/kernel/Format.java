package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A number format of weights: how a row of a {@link Matrix} is stored, and the vector kernels over
 * rows. A further format is one class that extends this one: {@link #name}, {@link #rowBytes},
 * {@link #get} and {@link #put} are enough to run; whoever wants it fast overrides the kernels,
 * which by default widen row by row. {@link ScalarKernels}, the reference, needs {@link #get}
 * alone.
 *
 * <p>Kernels loop over rows or neurons inside one call, and their inner loops are static methods of
 * the format's class: so a call through this class, which HotSpot cannot inline once several
 * formats are in use, is made once a block of rows and not once a row.
 *
 * <p>A format has no state; each has one instance.
 */
public abstract class Format {
  /**
   * How far ahead records of neurons are asked for. Without it every jump from one run of neurons
   * to the next waits for memory: at a hidden_size of 576 half of the neurons took as long as all.
   */
  private static final long AHEAD_BYTES = 8 << 10;

  /** A block of rows stays in the second-level cache while the tokens of a step pass over it. */
  private static final long STEP_BYTES = 128 << 10;

  /** How far ahead rows are asked for where all of them are read. */
  private static final long ROWS_AHEAD_BYTES = 16 << 10;

  /** For formats. */
  protected Format() {}

  /** As logs and reports name it, such as "bf16". */
  public abstract String name();

  /**
   * Bytes of a row, scales included.
   *
   * @throws org.mixtureofmasks.UserError if rows of that length cannot be stored (in blocks: those
   *     that are no whole number of blocks), saying which and what would fit
   */
  public abstract long rowBytes(int columns);

  /**
   * One weight as a float, exactly.
   *
   * @param data of the matrix
   * @param row where the row begins, in bytes
   * @param column in [0, columns)
   * @param columns of the row
   */
  public abstract float get(MemorySegment data, long row, int column, int columns);

  /**
   * Stores a row, rounded to what the format can hold.
   *
   * @param values columns floats
   * @param data of the matrix
   * @param row where the row begins, in bytes
   */
  public abstract void put(float[] values, MemorySegment data, long row);

  /**
   * Whether rows are what a checkpoint stores as this type, so that they can stay where they are.
   *
   * @param type as checkpoints name it, such as "BF16"
   */
  public boolean isStoredAs(String type) {
    return false;
  }

  /** How kernels read activations of matrices in this format. */
  public Order order() {
    return Order.PLAIN;
  }

  /**
   * Rows [from, to) as floats in {@link #order}: what the products of many tokens read, so that a
   * row is widened once for all of them.
   *
   * @param out (to - from) x columns, written
   */
  public void widen(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    long bytes = rowBytes(n);
    for (int r = from; r < to; r++) {
      for (int c = 0; c < n; c++) {
        out[(r - from) * n + order().place(c, n)] = get(w.data(), r * bytes, c, n);
      }
    }
  }

  /** y[yAt + r] = Σ_c w[r, c] x[token, c] for rows r in [from, to). */
  public void matvec(Matrix w, Input x, int token, float[] y, int yAt, int from, int to) {
    int n = w.columns();
    float[] row = new float[n];
    for (int r = from; r < to; r++) {
      widen(w, r, r + 1, row);
      y[yAt + r] = VectorTile.product(row, 0, x.floats(), x.at(token), n);
    }
  }

  /**
   * In which order {@link #matvec} of this format adds up, for formats whose products are those of
   * widened rows; null: the tokens of a step are then always computed one after the other, from
   * weights that the nearest caches hold.
   */
  @Nullable RowSum rowSum(int columns) {
    return null;
  }

  /** With fewer tokens in a step, widening rows once for all of them costs more than it saves. */
  int leastTokensWidened() {
    return 4;
  }

  /** Rows as {@link #rowSum} adds them up: as floats, but for {@link #factor}. */
  void summands(Matrix w, int from, int to, float[] out) {
    widen(w, from, to, out);
  }

  /** What {@link #matvec} multiplies a row's whole sum by, rather than each of its weights. */
  float factor(Matrix w, int row) {
    return 1;
  }

  /**
   * A step, one token of each of several texts: y[t * yStride + yAt + r] = Σ_c w[r, c] x[t, c] for
   * rows r in [from, to), with the bits that {@link #matvec} gives each token whatever the others
   * are. Weights come from memory once.
   *
   * @param tokens how many, from the first of x
   */
  public void products(
      Matrix w, Input x, int tokens, float[] y, int yStride, int yAt, int from, int to) {
    products(null, w, x, tokens, y, yStride, yAt, from, to);
  }

  /**
   * The same.
   *
   * @param library multiplies; null: the format's own kernels do
   */
  final void products(
      @Nullable NativeKernels library,
      Matrix w,
      Input x,
      int tokens,
      float[] y,
      int yStride,
      int yAt,
      int from,
      int to) {
    RowSum order = rowSum(w.columns());
    if (order != null
        && library != null
        && tokens > 1
        && StepKernels.products(library, w, order, x, tokens, y, yStride, yAt, from, to)) {
      return;
    }
    if (order != null && tokens >= leastTokensWidened()) {
      StepKernels.productsOfWidened(library, w, order, x, tokens, y, yStride, yAt, from, to);
      return;
    }
    long rowBytes = Math.max(1, rowBytes(w.columns()));
    // matvec takes rows in fours: a block of them is a multiple of that.
    int block = Math.toIntExact(Math.max(4, STEP_BYTES / rowBytes / 4 * 4));
    for (int r = from; r < to; r += block) {
      for (int t = 0; t < tokens; t++) {
        int end = Math.min(to, r + block);
        if (library == null || !library.matvec(w, x, t, y, t * yStride + yAt, r, end)) {
          matvec(w, x, t, y, t * yStride + yAt, r, end);
        }
      }
    }
  }

  /**
   * Gate and up products of some neurons: g_j·x to h[k] and u_j·x to h[NEURON_BLOCK + k] for j =
   * list[from + k].
   *
   * @param records 3 rows for each neuron: gate g, up u, down column d
   * @param count at most {@link Kernels#NEURON_BLOCK}
   * @param end of the neurons in the list that will be asked for, to be fetched ahead
   */
  public void gateUp(
      Matrix records, int[] list, int from, int count, int end, Input x, int token, float[] h) {
    int n = records.columns();
    float[] rows = new float[2 * n];
    for (int k = 0; k < count; k++) {
      int j = list[from + k];
      widen(records, 3 * j, 3 * j + 2, rows);
      h[k] = VectorTile.product(rows, 0, x.floats(), x.at(token), n);
      h[Kernels.NEURON_BLOCK + k] = VectorTile.product(rows, n, x.floats(), x.at(token), n);
    }
  }

  /**
   * y += Σ_k h[k] d_j for j = list[from + k], k in [0, count).
   *
   * @param records as in {@link #gateUp}
   * @param y columns floats from yAt in {@link #order}
   */
  public void addDown(
      Matrix records, int[] list, int from, int count, float[] h, float[] y, int yAt) {
    int n = records.columns();
    float[] row = new float[n];
    for (int k = 0; k < count; k++) {
      int down = 3 * list[from + k] + 2;
      widen(records, down, down + 1, row);
      for (int c = 0; c < n; c++) {
        y[yAt + c] += h[k] * row[c];
      }
    }
  }

  /**
   * Asks for what lies {@link #ROWS_AHEAD_BYTES} behind a row of one token's products, as many
   * bytes as it has, but for what lies behind the last row. The hardware alone follows a stream of
   * rows, but starts anew at each page, and waits while a row is computed.
   *
   * @param row where it begins, in bytes
   * @param end where the last row ends that is wanted, in bytes
   */
  protected static void fetchRow(MemorySegment data, long row, long rowBytes, long end) {
    long next = row + ROWS_AHEAD_BYTES;
    if (next < end) {
      Prefetch.lines(data.address() + next, data.address() + Math.min(end, next + rowBytes));
    }
  }

  /**
   * {@link #gateUp} for several tokens, with its bits for each.
   *
   * @param tokens rows of x
   * @param h by token, each as for one
   */
  public void gateUps(
      Matrix records,
      int[] list,
      int from,
      int count,
      int end,
      Input x,
      int[] tokens,
      float[][] h) {
    for (int t = 0; t < tokens.length; t++) {
      gateUp(records, list, from, count, end, x, tokens[t], h[t]);
    }
  }

  /**
   * {@link #addDown} for several tokens, with its bits for each.
   *
   * @param h by token, each as for one; there may be more than tokens
   * @param yAt by token
   */
  public void addDowns(
      Matrix records, int[] list, int from, int count, float[][] h, float[] y, int[] yAt) {
    for (int t = 0; t < yAt.length; t++) {
      addDown(records, list, from, count, h[t], y, yAt[t]);
    }
  }

  /**
   * Columns [column0, column1) of a sum of rows, see {@link Kernels#addRows}.
   *
   * @param factors by place in the list
   * @param y (column1 - column0) floats from yAt in {@link #order}
   */
  public void addRows(
      Matrix w,
      int[] list,
      int from,
      int to,
      float[] factors,
      float[] y,
      int yAt,
      int column0,
      int column1) {
    float[] part = new float[column1 - column0];
    for (int k = from; k < to; k++) {
      widenColumns(w, list[k], list[k] + 1, column0, column1, part, part.length);
      for (int c = 0; c < part.length; c++) {
        y[yAt + c] += factors[k] * part[c];
      }
    }
  }

  /**
   * Columns [column0, column1) of rows [from, to) as floats in {@link #order}: for each row so
   * many, {@code stride} apart.
   *
   * @param out written
   */
  public void widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    int n = column1 - column0;
    for (int r = from; r < to; r++) {
      for (int c = 0; c < n; c++) {
        out[(r - from) * stride + order().place(c, n)] = w.get(r, column0 + c);
      }
    }
  }

  /**
   * Asks for a part of a row of list[at] unless {@code at} is the end of the list or beyond.
   *
   * @param first byte of the part within its row
   * @param bytes of the part
   */
  protected static void fetchPart(
      MemorySegment data, long rowBytes, long first, long bytes, int[] list, int at, int end) {
    if (at < end) {
      long next = data.address() + list[at] * rowBytes + first;
      Prefetch.lines(next, next + bytes);
    }
  }

  /** Where the down row of neuron list[at] begins, in bytes. */
  protected static long down(long rowBytes, int[] list, int at) {
    return (list[at] * 3L + 2) * rowBytes;
  }

  /** By how many neurons records of so many bytes are asked for ahead of their use. */
  protected static int ahead(long recordBytes) {
    return Math.toIntExact(Math.ceilDiv(AHEAD_BYTES, recordBytes));
  }

  /**
   * Asks for the record of neuron list[at] unless {@code at} is the end of the list or beyond.
   *
   * @param recordBytes of a neuron's three rows
   */
  protected static void fetch(MemorySegment data, long recordBytes, int[] list, int at, int end) {
    if (at < end) {
      long next = data.address() + list[at] * recordBytes;
      Prefetch.lines(next, next + recordBytes);
    }
  }
}
