package org.mixtureofmasks.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The kernels on the Vector API, in the widest shape that the CPU prefers. */
public final class VectorKernels implements Kernels {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  /** Indices of the even and of the odd lanes of two vectors side by side. */
  private static final FloatVector EVENS = FloatVector.zero(F).addIndex(2);

  private static final FloatVector ODDS = EVENS.add(1);

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Bits of the vectors that are used: 128, 256 or 512 (64 where there are none worth having). */
  public static int vectorBits() {
    return F.vectorBitSize();
  }

  @Override
  public String name() {
    return "vector, " + vectorBits() + " bits";
  }

  @Override
  public void matvec(Matrix w, float[] x, int xOffset, float[] y, int yOffset, int from, int to) {
    int n = w.columns();
    MemorySegment data = w.data();
    switch (w) {
      case Matrix.F32 _ -> {
        for (int r = from; r < to; r++) {
          y[yOffset + r] = VectorF32.dot(data, 4L * r * n, x, xOffset, n);
        }
      }
      case Matrix.Bf16 _ -> {
        int odd = xOffset + (n + 1) / 2;
        int r = from;
        float[] partial = new float[4 * L];
        for (; r + 4 <= to; r += 4) {
          for (int k = 0; k < 4; k++) {
            VectorBf16.partialDot(data, 2L * (r + k) * n, x, xOffset, odd, n, partial, k * L);
          }
          VectorMath.sums(partial, 0, y, yOffset + r, 1);
          VectorBf16.addTails(data, r, 4, x, xOffset, odd, n, y, yOffset + r);
        }
        for (; r < to; r++) {
          y[yOffset + r] = VectorBf16.dot(data, 2L * r * n, x, xOffset, odd, n);
        }
      }
    }
  }

  @Override
  public void widen(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    switch (w) {
      case Matrix.F32 _ ->
          MemorySegment.copy(
              w.data(), FLOAT, 4L * from * n, out, 0, Math.multiplyExact(to - from, n));
      case Matrix.Bf16 _ -> {
        for (int r = from; r < to; r++) {
          VectorBf16.widen(w.data(), 2L * r * n, n, out, (r - from) * n);
        }
      }
    }
  }

  @Override
  public void matmul(
      float[] w, int rows, int columns, float[] x, int tokens, float[] y, int yStride, int yAt) {
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

  @Override
  public void neurons(
      Matrix records,
      int[] list,
      int from,
      int to,
      float[] scales,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      float[] scratch) {
    VectorNeurons.one(records, list, from, to, scales, x, xOffset, y, yOffset, scratch, this);
  }

  @Override
  public void neuronsOfTile(
      float[] records,
      int columns,
      int[] list,
      int n,
      float[] factors,
      float[] tile,
      int tileAt,
      float[] y,
      int yAt,
      float[] scratch) {
    VectorNeurons.tile(records, columns, list, n, factors, tile, tileAt, y, yAt, scratch, this);
  }

  @Override
  public void split(float[] x, int xAt, float[] y, int yAt, int n) {
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
  public void softmax(float[] scores, int offset, int n) {
    VectorAttention.softmax(scores, offset, n);
  }

  @Override
  public float max(float[] x, int offset, int n) {
    return VectorAttention.max(x, offset, n);
  }

  @Override
  public double sumOfExps(float[] x, int offset, int n, float max) {
    return VectorMath.sumOfExps(x, offset, n, max);
  }

  @Override
  public void attend(
      float[] q,
      int qOffset,
      float[] keys,
      float[] values,
      int[] stretches,
      int headDim,
      float scale,
      float[] scores,
      float[] out,
      int outOffset) {
    int seen = scores(q, qOffset, keys, stretches, headDim, scale, scores, 0);
    VectorAttention.softmax(scores, 0, seen);
    Arrays.fill(out, outOffset, outOffset + headDim, 0);
    mix(scores, 0, values, stretches, headDim, out, outOffset);
  }

  /** The scores of all places of some stretches, to out from {@code at}; where they end. */
  private static int scores(
      float[] q,
      int qAt,
      float[] keys,
      int[] stretches,
      int headDim,
      float scale,
      float[] out,
      int at) {
    int next = at;
    for (int i = 0; i < stretches.length; i += 2) {
      int from = stretches[i];
      int to = stretches[i + 1];
      VectorAttention.scores(q, qAt, keys, from, to, headDim, scale, out, next);
      next += to - from;
    }
    return next;
  }

  private static void mix(
      float[] p, int pAt, float[] values, int[] stretches, int headDim, float[] out, int outAt) {
    int next = pAt;
    for (int i = 0; i < stretches.length; i += 2) {
      int n = stretches[i + 1] - stretches[i];
      VectorAttention.mix(p, next, values, stretches[i] * headDim, n, headDim, out, outAt);
      next += n;
    }
  }

  @Override
  public void attendFour(
      float[] q,
      int[] qAt,
      float[] keys,
      float[] values,
      int[][] stretches,
      int headDim,
      float scale,
      float[] scores,
      float[] out) {
    int[] common = Stretches.common(stretches);
    int[] at = new int[4];
    int[][] rest = new int[4][];
    for (int k = 0; k < 4; k++) {
      at[k] = k * (scores.length / 4);
      rest[k] = Stretches.after(stretches[k], common);
      Arrays.fill(out, qAt[k], qAt[k] + headDim, 0);
    }
    int seen = 0;
    for (int i = 0; i < common.length; i += 2) {
      int from = common[i];
      int to = common[i + 1];
      VectorAttention.scoresOfFour(q, qAt, keys, from, to, headDim, scale, scores, at, seen);
      seen += to - from;
    }
    for (int k = 0; k < 4; k++) {
      int end = scores(q, qAt[k], keys, rest[k], headDim, scale, scores, at[k] + seen);
      VectorAttention.softmax(scores, at[k], end - at[k]);
    }
    seen = 0;
    for (int i = 0; i < common.length; i += 2) {
      int n = common[i + 1] - common[i];
      int first = common[i] * headDim;
      VectorAttention.mixOfFour(scores, at, seen, values, first, n, headDim, out, qAt);
      seen += n;
    }
    for (int k = 0; k < 4; k++) {
      mix(scores, at[k] + seen, values, rest[k], headDim, out, qAt[k]);
    }
  }
}
