package org.mixtureofmasks.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of the engine: arrays and segments in, arrays out, no state, no threads. There are
 * two implementations: {@link VectorKernels} and its twin {@link ScalarKernels}, which is the
 * reference in tests and the choice where the Vector API is missing. All sums are float32; their
 * order differs between the twins, so that results agree within a small multiple of 2^-24 of the
 * sum of magnitudes.
 *
 * <p>What depends on the number format of the weights is the {@link Format}'s. "Ordered" floats are
 * in the order that it wants, see {@link Order}.
 */
public sealed interface Kernels permits ScalarKernels, VectorKernels {
  /** Tokens that {@link #matmul} computes together. */
  int TILE = 4;

  /** Slots in one block of the key cache: keys lie as [block][head_dim][KEY_BLOCK]. */
  int KEY_BLOCK = 16;

  /** Neurons of one token that are computed together. */
  int NEURON_BLOCK = 16;

  /** Floats of scratch memory that {@link #neurons} wants: gates and ups of a block. */
  int SCRATCH = 2 * NEURON_BLOCK;

  /** A name for logs, such as "vector, 512 bits". */
  String name();

  /**
   * One token: y[yOffset + r] = Σ_c w[r, c] x[token, c] for rows r in [from, to).
   *
   * @param x for the format of w, w.columns() a token
   */
  void matvec(Matrix w, Input x, int token, float[] y, int yOffset, int from, int to);

  /**
   * A step, one token of each of several texts: y[t * yStride + yOffset + r] = Σ_c w[r, c] x[t, c]
   * for rows r in [from, to), with the bits of {@link #matvec} for each token.
   *
   * @param tokens how many, from the first of x
   */
  void products(
      Matrix w, Input x, int tokens, float[] y, int yStride, int yOffset, int from, int to);

  /**
   * Rows [from, to) as floats, in the order of their format: what the products of many tokens read,
   * so that a row is widened once for all of them.
   *
   * @param out (to - from) x columns, written
   */
  void widen(Matrix w, int from, int to, float[] out);

  /**
   * A few tokens: y[t * yStride + yAt + r] = Σ_c w[r * columns + c] x[t * columns + c].
   *
   * @param w rows x columns, widened
   * @param x tokens x columns, ordered
   */
  void matmul(
      float[] w, int rows, int columns, float[] x, int tokens, float[] y, int yStride, int yAt);

  /** Tokens that {@link #matmulOfTile} computes together at most. */
  int tileTokens();

  /**
   * Many tokens, a tile of them: y[t * yStride + yAt + r] = Σ_c w[r * columns + c] tile[tileAt + c
   * * tileTokens + t]. The bits of a product do not depend on its tile.
   *
   * @param w rows x columns, widened
   * @param tile columns x tileTokens from tileAt, see {@link #transpose}
   * @param tokens how many of the tile are in use
   */
  void matmulOfTile(
      float[] w,
      int rows,
      int columns,
      float[] tile,
      int tileAt,
      int tokens,
      float[] y,
      int yStride,
      int yAt);

  /** x[from + t * columns + c] to tile[at + c * stride + t] for a tile's tokens t. */
  default void transpose(
      float[] x, int from, int tokens, int columns, int stride, float[] tile, int at) {
    // Narrow strips, so that the lines which are written stay in the first-level cache.
    for (int strip = 0; strip < columns; strip += 16) {
      int end = Math.min(columns, strip + 16);
      for (int t = 0; t < tokens; t++) {
        for (int c = strip; c < end; c++) {
          tile[at + c * stride + t] = x[from + t * columns + c];
        }
      }
    }
  }

  /**
   * Listed neurons of a SwiGLU FFN for one token: y += Σ_j s_j SiLU(g_j·x) (u_j·x) d_j for j =
   * list[from .. to).
   *
   * @param records 3 rows for each neuron: gate g, up u, down column d
   * @param scales s by place in the list; null when all are 1
   * @param x for the format of the records, records.columns() a token
   * @param y ordered, added to
   * @param scratch SCRATCH floats
   */
  void neurons(
      Matrix records,
      int[] list,
      int from,
      int to,
      float @Nullable [] scales,
      Input x,
      int token,
      float[] y,
      int yOffset,
      float[] scratch);

  /**
   * The same listed neurons for some tokens of a step, with the bits of {@link #neurons} for each.
   *
   * @param scales by token: factors by place in the list, null where all are 1
   * @param tokens rows of x
   * @param y ordered, added to
   * @param yAt by token: where its columns begin
   * @param scratch SCRATCH floats for each token
   */
  void neuronsOfTokens(
      Matrix records,
      int[] list,
      int from,
      int to,
      float[] @Nullable [] scales,
      Input x,
      int[] tokens,
      float[] y,
      int[] yAt,
      float[][] scratch);

  /**
   * A block of neurons for a tile of tokens, or for half of one: y[yAt + c * width + t] += Σ_k f_kt
   * SiLU(g_k·x_t) (u_k·x_t) d_k,c over the records k that lane t holds with factor f_kt. Nothing of
   * the others reaches it, even if their activations overflow. The bits of a token do not depend on
   * the other lanes.
   *
   * @param records widened, those of the block
   * @param columns hidden_size
   * @param lanes tileTokens of them or half of that
   * @param tile columns x width from tileAt, see {@link #transpose}
   * @param y columns x width, ordered, added to
   * @param scratch the calling thread's
   */
  void neuronsOfTile(
      float[] records,
      int columns,
      BlockLanes lanes,
      float[] tile,
      int tileAt,
      float[] y,
      int yAt,
      TileScratch scratch);

  /**
   * Columns [column0, column1) of a sum of listed rows: y[yAt + place(c - column0)] += Σ_k
   * factors[k] w[list[k], c] for k in [from, to), in the order of the list and of the format for so
   * many columns. Of other rows nothing is read.
   *
   * @param factors by place in the list; for {@link PreviewWeights} whole numbers in [-127, 127]
   */
  void addRows(
      Matrix w,
      int[] list,
      int from,
      int to,
      float[] factors,
      float[] y,
      int yAt,
      int column0,
      int column1);

  /**
   * Sums of a preview's rows, for columns [column0, column1) of its gates and as many of its ups.
   * The list has rows of upper bits, as many of the same inputs' lower bits, then rows of other
   * upper bits. Of each of these three the sum of gates goes to y, then that of ups.
   *
   * @param w whose left half is gates, {@link PreviewWeights}
   * @param whole rows of upper bits at the beginning of the list
   * @param count of all rows
   * @param factors whole numbers in [-127, 127], by place in the list; those of ups in the second
   *     half
   * @param y six times column1 - column0 numbers, overwritten, exact
   */
  default void preview(
      Matrix w,
      int[] list,
      int whole,
      int count,
      float[] factors,
      float[] y,
      int column0,
      int column1) {
    int n = column1 - column0;
    int up = w.columns() / 2;
    Arrays.fill(y, 0, 6 * n, 0);
    float[] ofUps = Arrays.copyOfRange(factors, factors.length / 2, factors.length);
    int[] ends = {0, whole, 2 * whole, count};
    for (int i = 0; i < 3; i++) {
      addRows(w, list, ends[i], ends[i + 1], factors, y, 2 * i * n, column0, column1);
      int at = (2 * i + 1) * n;
      addRows(w, list, ends[i], ends[i + 1], ofUps, y, at, up + column0, up + column1);
    }
  }

  /**
   * Columns [column0, column1) of rows [from, to) as floats, in the format's order for so many
   * columns; of each row what lies behind them is left as it is.
   *
   * @param out written, from 0, a row every {@code stride} floats
   */
  void widenColumns(Matrix w, int from, int to, int column0, int column1, float[] out, int stride);

  /** Whether they are machine code as they stand, with nothing that the JVM has yet to compile. */
  default boolean ready() {
    return false;
  }

  /** Even elements of x[xAt, xAt + n) to y[yAt ...], odd ones after them. */
  void split(float[] x, int xAt, float[] y, int yAt, int n);

  /** y_i = w_i x_i / sqrt(mean(x²) + eps) over w.length elements. */
  void rmsNorm(float[] x, int xOffset, float[] w, double eps, float[] y, int yOffset);

  /** gate_i = SiLU(gate_i) up_i for n elements from gateAt and upAt, SiLU(z) = z / (1 + e^-z). */
  void siluTimes(float[] gate, int gateAt, float[] up, int upAt, int n);

  /** x_i += y_i for i in [from, to); the compiler vectorises it by itself. */
  default void add(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i++) {
      x[i] += y[i];
    }
  }

  /** Replaces n scores by their softmax. */
  void softmax(float[] scores, int offset, int n);

  /** The largest of n numbers; NaN as soon as one is NaN. */
  float max(float[] x, int offset, int n);

  /**
   * Σ_i e^(x_i - max) in float64, of exponentials in float32: what a log-softmax over a vocabulary
   * divides by. Its relative error is at most 1e-6 where max is the largest.
   */
  double sumOfExps(float[] x, int offset, int n, float max);

  /**
   * Some query heads over the cache of the key-value head that they share: of each out = Σ_t p_t
   * v_t with p = softmax(scale q·k_t) for the slots t of its KV spans. They may be heads of one
   * token or of several; what all of them see from the beginning is read once. The bits of each do
   * not depend on the others.
   *
   * @param qAt where each begins in q, and its output in out
   * @param spans of each, see {@link KvSpans}; none is empty
   * @param scores in as many equal parts as there are queries, each with room for all slots seen
   *     and 2 KEY_BLOCK more
   */
  void attend(
      float[] q, int[] qAt, KvHead cache, int[][] spans, float scale, float[] scores, float[] out);

  /**
   * Turns some heads that lie one behind the other, each as {@link #rope} does.
   *
   * @param at where the first begins in x
   * @param angles where those of the heads begin in cos and sin
   */
  default void rotate(
      float[] x, int at, int heads, int headDim, float[] cos, float[] sin, int angles) {
    for (int h = 0; h < heads; h++) {
      rope(x, at + h * headDim, headDim, cos, sin, angles);
    }
  }

  /**
   * Turns a head in place, split-half order: (x_i, x_{i+h}) by the angle of (cos_i, sin_i), h =
   * headDim / 2. Too small to be worth a vector twin.
   */
  static void rope(float[] x, int offset, int headDim, float[] cos, float[] sin, int tableOffset) {
    int half = headDim / 2;
    for (int i = 0; i < half; i++) {
      float a = x[offset + i];
      float b = x[offset + half + i];
      float c = cos[tableOffset + i];
      float s = sin[tableOffset + i];
      x[offset + i] = a * c - b * s;
      x[offset + half + i] = b * c + a * s;
    }
  }
}
