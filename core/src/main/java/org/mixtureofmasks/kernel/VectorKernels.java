package org.mixtureofmasks.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The kernels on the Vector API, in the widest shape that the CPU prefers; from the optional
 * library where there is one, which has the same bits and waits for no compiler.
 */
public final class VectorKernels implements Kernels {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  /** Indices of the even and of the odd lanes of two vectors side by side. */
  private static final FloatVector EVENS = FloatVector.zero(F).addIndex(2);

  private static final FloatVector ODDS = EVENS.add(1);

  /** Neurons whose records stay in the second-level cache while a step's tokens pass over them. */
  private static final int STEP_NEURONS = 4 * NEURON_BLOCK;

  private final @Nullable NativeKernels library;
  private final String libraryReason;

  /** All of them Java's. */
  public VectorKernels() {
    this(NativeKernels.link(null, 0));
  }

  /** With what came of the search for the library. */
  VectorKernels(NativeKernels.Link link) {
    library = link.kernels();
    libraryReason = link.reason();
  }

  @Override
  public boolean ready() {
    return hasLibrary();
  }

  /** Whether the optional library computes what it has kernels for. */
  public boolean hasLibrary() {
    return library != null;
  }

  /** Whether it does so for weights of that format. */
  public boolean hasLibrary(Format format) {
    return library != null && (library.has(format) || library.hasParts(format));
  }

  /** In a few words, for logs: "native library FILE", or why there is none. */
  public String libraryReason() {
    return libraryReason;
  }

  /** Bits of the vectors that are used: 128, 256 or 512 (64 where there are none worth having). */
  public static int vectorBits() {
    return F.vectorBitSize();
  }

  @Override
  public String name() {
    return "vector, " + vectorBits() + " bits";
  }

  @Override
  public void matvec(Matrix w, Input x, int token, float[] y, int yOffset, int from, int to) {
    if (library == null || !library.matvec(w, x, token, y, yOffset, from, to)) {
      w.format().matvec(w, x, token, y, yOffset, from, to);
    }
  }

  @Override
  public void products(
      Matrix w, Input x, int tokens, float[] y, int yStride, int yOffset, int from, int to) {
    w.format().products(library, w, x, tokens, y, yStride, yOffset, from, to);
  }

  @Override
  public void widen(Matrix w, int from, int to, float[] out) {
    if (library == null || !library.widen(w, from, to, out)) {
      w.format().widen(w, from, to, out);
    }
  }

  @Override
  public void matmul(
      float[] w, int rows, int columns, float[] x, int tokens, float[] y, int yStride, int yAt) {
    if (library != null) {
      library.matmul(w, rows, columns, x, tokens, y, yStride, yAt);
      return;
    }
    float[] sums = new float[2 * TILE * L];
    int n = columns;
    int t = 0;
    for (; t + TILE <= tokens; t += TILE) {
      int x0 = t * n;
      int at = t * yStride + yAt;
      int r = 0;
      for (; r + 2 <= rows; r += 2) {
        VectorTile.products(
            w,
            r * n,
            r * n + n,
            x,
            x0,
            x0 + n,
            x0 + 2 * n,
            x0 + 3 * n,
            n,
            y,
            at + r,
            yStride,
            sums);
      }
      for (int i = 0; i < TILE && r < rows; i++) {
        y[at + i * yStride + r] = VectorTile.product(w, r * n, x, x0 + i * n, n);
      }
    }
    for (; t < tokens; t++) {
      for (int r = 0; r < rows; r++) {
        y[t * yStride + yAt + r] = VectorTile.product(w, r * n, x, t * n, n);
      }
    }
  }

  @Override
  public int tileTokens() {
    return VectorTokens.TOKENS;
  }

  @Override
  public void transpose(
      float[] x, int from, int tokens, int columns, int stride, float[] tile, int at) {
    if (library == null || stride != tileTokens()) {
      Kernels.super.transpose(x, from, tokens, columns, stride, tile, at);
    } else {
      library.floats().transpose(x, from, tokens, columns, tile, at);
    }
  }

  @Override
  public void matmulOfTile(
      float[] w,
      int rows,
      int columns,
      float[] tile,
      int tileAt,
      int tokens,
      float[] y,
      int yStride,
      int yAt) {
    if (library != null) {
      library.matmulOfTile(w, rows, columns, tile, tileAt, tokens, y, yStride, yAt);
      return;
    }
    float[] sums = new float[VectorTokens.ROWS * VectorTokens.TOKENS];
    int n = columns;
    int r = 0;
    for (; r + VectorTokens.ROWS <= rows; r += VectorTokens.ROWS) {
      if (tokens > L) {
        VectorTokens.rows(w, r * n, n, tile, tileAt, sums);
      } else {
        VectorTokens.rowsOfHalf(w, r * n, n, tile, tileAt, sums);
      }
      VectorTokens.spread(sums, VectorTokens.ROWS, tokens, y, yAt + r, yStride);
    }
    for (; r < rows; r++) {
      VectorTokens.row(w, r * n, n, tile, tileAt, sums);
      VectorTokens.spread(sums, 1, tokens, y, yAt + r, yStride);
    }
  }

  /**
   * For a block of neurons first all gate and up products, then SiLU for the block, then all down
   * columns. The records of a block lie within a few hundred kilobytes, so the second pass over
   * them finds its pages and most of its lines near.
   */
  @Override
  public void neurons(
      Matrix records,
      int[] list,
      int from,
      int to,
      float @Nullable [] scales,
      Input x,
      int token,
      float[] y,
      int yOffset,
      float[] scratch) {
    if (library != null && library.neurons(records, list, from, to, scales, x, token, y, yOffset)) {
      return;
    }
    Format format = records.format();
    for (int b = from; b < to; b += NEURON_BLOCK) {
      int n = Math.min(NEURON_BLOCK, to - b);
      format.gateUp(records, list, b, n, to, x, token, scratch);
      activate(scratch, n, scales, b);
      format.addDown(records, list, b, n, scratch, y, yOffset);
    }
  }

  /**
   * A block's records come from memory for the first token and from the second-level cache for the
   * others. Widening them for all tokens first was no faster for up to 16.
   */
  @Override
  public void neuronsOfTokens(
      Matrix records,
      int[] list,
      int from,
      int to,
      float[] @Nullable [] scales,
      Input x,
      int[] tokens,
      float[] y,
      int[] yAt,
      float[][] scratch) {
    if (library != null && library.has(records.format())) {
      for (int b = from; b < to; b += STEP_NEURONS) {
        int end = Math.min(to, b + STEP_NEURONS);
        for (int t = 0; t < tokens.length; t++) {
          library.neurons(records, list, b, end, scales[t], x, tokens[t], y, yAt[t]);
        }
      }
      return;
    }
    Format format = records.format();
    for (int b = from; b < to; b += NEURON_BLOCK) {
      int n = Math.min(NEURON_BLOCK, to - b);
      format.gateUps(records, list, b, n, to, x, tokens, scratch);
      for (int t = 0; t < tokens.length; t++) {
        activate(scratch[t], n, scales[t], b);
      }
      format.addDowns(records, list, b, n, scratch, y, yAt);
    }
  }

  @Override
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
    if (library == null || !library.addRows(w, list, from, to, factors, y, yAt, column0, column1)) {
      w.format().addRows(w, list, from, to, factors, y, yAt, column0, column1);
    }
  }

  @Override
  public void preview(
      Matrix w,
      int[] list,
      int whole,
      int count,
      float[] factors,
      float[] y,
      int column0,
      int column1) {
    if (library == null || !library.preview(w, list, whole, count, factors, y, column0, column1)) {
      Kernels.super.preview(w, list, whole, count, factors, y, column0, column1);
    }
  }

  @Override
  public void widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    if (library == null || !library.widenColumns(w, from, to, column0, column1, out, stride)) {
      w.format().widenColumns(w, from, to, column0, column1, out, stride);
    }
  }

  /**
   * h[0, n) holds gates and h[NEURON_BLOCK, ...) ups: leaves scale · SiLU(gate) · up in the first.
   * The whole block is computed, so that its tail takes the vector path too; nobody reads what lies
   * beyond n.
   */
  private void activate(float[] h, int n, float @Nullable [] scales, int scaleAt) {
    if (scales != null) {
      for (int k = 0; k < n; k++) {
        h[NEURON_BLOCK + k] *= scales[scaleAt + k];
      }
    }
    Arrays.fill(h, n, NEURON_BLOCK, 0);
    siluTimes(h, 0, h, NEURON_BLOCK, NEURON_BLOCK);
  }

  @Override
  public void neuronsOfTile(
      float[] records,
      int columns,
      BlockLanes lanes,
      float[] tile,
      int tileAt,
      float[] y,
      int yAt,
      TileScratch scratch) {
    if (library != null) {
      library.neuronsOfTile(records, columns, lanes, tile, tileAt, y, yAt);
    } else {
      TileNeurons.run(records, columns, lanes, tile, tileAt, y, yAt, scratch, this);
    }
  }

  @Override
  public void split(float[] x, int xAt, float[] y, int yAt, int n) {
    if (library != null) {
      library.floats().split(x, xAt, y, yAt, n);
      return;
    }
    int end = n / (2 * L) * (2 * L);
    int odd = yAt + (n + 1) / 2;
    for (int i = 0; i < end; i += 2 * L) {
      FloatVector low = FloatVector.fromArray(F, x, xAt + i);
      FloatVector high = FloatVector.fromArray(F, x, xAt + i + L);
      EVENS.selectFrom(low, high).intoArray(y, yAt + i / 2);
      ODDS.selectFrom(low, high).intoArray(y, odd + i / 2);
    }
    for (int i = end; i < n; i++) {
      y[((i & 1) == 0 ? yAt : odd) + i / 2] = x[xAt + i];
    }
  }

  @Override
  public void rmsNorm(float[] x, int xOffset, float[] w, double eps, float[] y, int yOffset) {
    if (library != null) {
      library.floats().rmsNorm(x, xOffset, w, eps, y, yOffset);
      return;
    }
    int n = w.length;
    int end = F.loopBound(n);
    FloatVector squares = FloatVector.zero(F);
    for (int i = 0; i < end; i += L) {
      FloatVector v = FloatVector.fromArray(F, x, xOffset + i);
      squares = v.fma(v, squares);
    }
    float sum = VectorMath.sum(squares);
    for (int i = end; i < n; i++) {
      sum += x[xOffset + i] * x[xOffset + i];
    }
    float scale = (float) (1 / Math.sqrt(sum / n + eps));
    for (int i = 0; i < end; i += L) {
      FloatVector.fromArray(F, x, xOffset + i)
          .mul(scale)
          .mul(FloatVector.fromArray(F, w, i))
          .intoArray(y, yOffset + i);
    }
    for (int i = end; i < n; i++) {
      y[yOffset + i] = w[i] * (x[xOffset + i] * scale);
    }
  }

  @Override
  public void siluTimes(float[] gate, int gateAt, float[] up, int upAt, int n) {
    if (library != null) {
      library.floats().siluTimes(gate, gateAt, up, upAt, n);
      return;
    }
    int end = F.loopBound(n);
    for (int i = 0; i < end; i += L) {
      FloatVector g = FloatVector.fromArray(F, gate, gateAt + i);
      g.div(VectorMath.exp(g.neg()).add(1f))
          .mul(FloatVector.fromArray(F, up, upAt + i))
          .intoArray(gate, gateAt + i);
    }
    for (int i = end; i < n; i++) {
      float g = gate[gateAt + i];
      gate[gateAt + i] = (float) (g / (1 + Math.exp(-g))) * up[upAt + i];
    }
  }

  @Override
  public void add(float[] x, float[] y, int from, int to) {
    if (library == null) {
      Kernels.super.add(x, y, from, to);
    } else {
      library.floats().add(x, y, from, to);
    }
  }

  @Override
  public void rotate(
      float[] x, int at, int heads, int headDim, float[] cos, float[] sin, int angles) {
    if (library == null) {
      Kernels.super.rotate(x, at, heads, headDim, cos, sin, angles);
    } else {
      library.floats().rotate(x, at, heads, headDim, cos, sin, angles);
    }
  }

  @Override
  public void softmax(float[] scores, int offset, int n) {
    if (library == null) {
      VectorSoftmax.softmax(scores, offset, n);
    } else {
      library.floats().softmax(scores, offset, n);
    }
  }

  @Override
  public float max(float[] x, int offset, int n) {
    return VectorSoftmax.max(x, offset, n);
  }

  @Override
  public double sumOfExps(float[] x, int offset, int n, float max) {
    return VectorMath.sumOfExps(x, offset, n, max);
  }

  @Override
  public void attend(
      float[] q, int[] qAt, KvHead cache, int[][] spans, float scale, float[] scores, float[] out) {
    NativeFloats floats = library == null ? null : library.floats();
    VectorAttention.attend(floats, q, qAt, cache, spans, scale, scores, out);
  }
}
