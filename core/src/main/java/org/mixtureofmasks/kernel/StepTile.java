package org.mixtureofmasks.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of a block of widened rows with a few tokens, added up as a {@link RowSum} says. Four
 * rows go with four tokens where there are 32 registers (vectors of 512 bits): 16 multiplications
 * for 8 loads; with fewer, two of one kind go with four of the other: 8 multiplications for 6 loads
 * in 11 registers. Sums wait in memory between the chunks of a chain, so that the tokens' chunk
 * stays in the first-level cache while all rows pass over it.
 */
final class StepTile {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  /** Tokens of a tile. */
  static final int TOKENS = 4;

  /** Rows that go with four tokens. */
  private static final int ROWS = L >= 16 ? 4 : 2;

  /** Sums of a unit of rows at most. */
  private static final int UNIT = ROWS * TOKENS;

  /** Vectors of a chunk: those of four tokens take 32 KB. */
  private static final int CHUNK = 2048 / L;

  private final RowSum order;
  private final float[] rows;
  private final int columns;
  private final float[][] sums; // of each chain: UNIT vectors for each unit of rows
  private final float[] out = new float[UNIT];

  /**
   * @param rows widened, one after the other
   * @param most of them at most
   */
  StepTile(RowSum order, float[] rows, int most, int columns) {
    this.order = order;
    this.rows = rows;
    this.columns = columns;
    sums = new float[2][Math.ceilDiv(most, ROWS) * UNIT * L];
  }

  /**
   * y[at + t * stride + r] = the product of row r and token t.
   *
   * @param count rows in use
   * @param x where the tokens lie
   * @param xAt where each of up to TOKENS tokens begins, those beyond {@code tokens} anywhere
   * @param tokens in use
   */
  void products(int count, float[] x, int[] xAt, int tokens, float[] y, int at, int stride) {
    boolean few = tokens <= 2; // then four rows go with two tokens
    for (float[] chain : sums) {
      Arrays.fill(chain, 0);
    }
    order.passes().forEach(pass -> add(count, x, xAt, few, pass));
    int unit = few ? 4 : ROWS;
    for (int u = 0; u * unit < count; u++) {
      finish(u * UNIT * L, few ? 2 * TOKENS : UNIT);
      int used = Math.min(unit, count - u * unit);
      for (int t = 0; t < tokens; t++) {
        for (int r = 0; r < used; r++) {
          float sum = out[few ? t * 4 + r : r * TOKENS + t];
          int row = u * unit + r;
          y[at + t * stride + row] = withTail(sum, row * columns, x, xAt[t]);
        }
      }
    }
  }

  /** Some vectors of one chain of all rows, chunk by chunk. */
  private void add(int count, float[] x, int[] xAt, boolean few, RowSum.Pass pass) {
    int unit = few ? 4 : ROWS;
    int stride = pass.stride();
    float[] to = sums[pass.chain()];
    for (int c = 0; c < pass.count(); c += CHUNK) {
      int n = Math.min(CHUNK, pass.count() - c);
      int o = pass.from() + c * stride;
      int x0 = xAt[0] + o;
      int x1 = xAt[1] + o;
      int x2 = xAt[2] + o;
      int x3 = xAt[3] + o;
      for (int u = 0; u * unit < count; u++) {
        int r0 = row(u * unit, count) + o;
        int r1 = row(u * unit + 1, count) + o;
        int at = u * UNIT * L;
        if (unit == 2) {
          two(rows, r0, r1, x, x0, x1, x2, x3, n, stride, to, at);
          continue;
        }
        int r2 = row(u * unit + 2, count) + o;
        int r3 = row(u * unit + 3, count) + o;
        if (few) {
          two(x, x0, x1, rows, r0, r1, r2, r3, n, stride, to, at);
        } else {
          four(rows, r0, r1, r2, r3, x, x0, x1, x2, x3, n, stride, to, at);
        }
      }
    }
  }

  /** Where a row begins; of those beyond the last one, the last. */
  private int row(int r, int count) {
    return Math.min(r, count - 1) * columns;
  }

  /** Goes on with the sums of p0 and p1 each with q0 .. q3. */
  private static void two(
      float[] p,
      int p0,
      int p1,
      float[] q,
      int q0,
      int q1,
      int q2,
      int q3,
      int vectors,
      int stride,
      float[] sums,
      int at) {
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + L);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * L);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * L);
    FloatVector b0 = FloatVector.fromArray(F, sums, at + 4 * L);
    FloatVector b1 = FloatVector.fromArray(F, sums, at + 5 * L);
    FloatVector b2 = FloatVector.fromArray(F, sums, at + 6 * L);
    FloatVector b3 = FloatVector.fromArray(F, sums, at + 7 * L);
    int end = vectors * stride;
    for (int i = 0; i < end; i += stride) {
      FloatVector v = FloatVector.fromArray(F, p, p0 + i);
      FloatVector u = FloatVector.fromArray(F, p, p1 + i);
      FloatVector z = FloatVector.fromArray(F, q, q0 + i);
      a0 = v.fma(z, a0);
      b0 = u.fma(z, b0);
      z = FloatVector.fromArray(F, q, q1 + i);
      a1 = v.fma(z, a1);
      b1 = u.fma(z, b1);
      z = FloatVector.fromArray(F, q, q2 + i);
      a2 = v.fma(z, a2);
      b2 = u.fma(z, b2);
      z = FloatVector.fromArray(F, q, q3 + i);
      a3 = v.fma(z, a3);
      b3 = u.fma(z, b3);
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + L);
    a2.intoArray(sums, at + 2 * L);
    a3.intoArray(sums, at + 3 * L);
    b0.intoArray(sums, at + 4 * L);
    b1.intoArray(sums, at + 5 * L);
    b2.intoArray(sums, at + 6 * L);
    b3.intoArray(sums, at + 7 * L);
  }

  /** Goes on with the sums of p0 .. p3 each with q0 .. q3. */
  private static void four(
      float[] p,
      int p0,
      int p1,
      int p2,
      int p3,
      float[] q,
      int q0,
      int q1,
      int q2,
      int q3,
      int vectors,
      int stride,
      float[] sums,
      int at) {
    FloatVector a0 = FloatVector.fromArray(F, sums, at);
    FloatVector a1 = FloatVector.fromArray(F, sums, at + L);
    FloatVector a2 = FloatVector.fromArray(F, sums, at + 2 * L);
    FloatVector a3 = FloatVector.fromArray(F, sums, at + 3 * L);
    FloatVector b0 = FloatVector.fromArray(F, sums, at + 4 * L);
    FloatVector b1 = FloatVector.fromArray(F, sums, at + 5 * L);
    FloatVector b2 = FloatVector.fromArray(F, sums, at + 6 * L);
    FloatVector b3 = FloatVector.fromArray(F, sums, at + 7 * L);
    FloatVector c0 = FloatVector.fromArray(F, sums, at + 8 * L);
    FloatVector c1 = FloatVector.fromArray(F, sums, at + 9 * L);
    FloatVector c2 = FloatVector.fromArray(F, sums, at + 10 * L);
    FloatVector c3 = FloatVector.fromArray(F, sums, at + 11 * L);
    FloatVector d0 = FloatVector.fromArray(F, sums, at + 12 * L);
    FloatVector d1 = FloatVector.fromArray(F, sums, at + 13 * L);
    FloatVector d2 = FloatVector.fromArray(F, sums, at + 14 * L);
    FloatVector d3 = FloatVector.fromArray(F, sums, at + 15 * L);
    int end = vectors * stride;
    for (int i = 0; i < end; i += stride) {
      FloatVector t = FloatVector.fromArray(F, p, p0 + i);
      FloatVector u = FloatVector.fromArray(F, p, p1 + i);
      FloatVector v = FloatVector.fromArray(F, p, p2 + i);
      FloatVector w = FloatVector.fromArray(F, p, p3 + i);
      FloatVector z = FloatVector.fromArray(F, q, q0 + i);
      a0 = t.fma(z, a0);
      b0 = u.fma(z, b0);
      c0 = v.fma(z, c0);
      d0 = w.fma(z, d0);
      z = FloatVector.fromArray(F, q, q1 + i);
      a1 = t.fma(z, a1);
      b1 = u.fma(z, b1);
      c1 = v.fma(z, c1);
      d1 = w.fma(z, d1);
      z = FloatVector.fromArray(F, q, q2 + i);
      a2 = t.fma(z, a2);
      b2 = u.fma(z, b2);
      c2 = v.fma(z, c2);
      d2 = w.fma(z, d2);
      z = FloatVector.fromArray(F, q, q3 + i);
      a3 = t.fma(z, a3);
      b3 = u.fma(z, b3);
      c3 = v.fma(z, c3);
      d3 = w.fma(z, d3);
    }
    a0.intoArray(sums, at);
    a1.intoArray(sums, at + L);
    a2.intoArray(sums, at + 2 * L);
    a3.intoArray(sums, at + 3 * L);
    b0.intoArray(sums, at + 4 * L);
    b1.intoArray(sums, at + 5 * L);
    b2.intoArray(sums, at + 6 * L);
    b3.intoArray(sums, at + 7 * L);
    c0.intoArray(sums, at + 8 * L);
    c1.intoArray(sums, at + 9 * L);
    c2.intoArray(sums, at + 10 * L);
    c3.intoArray(sums, at + 11 * L);
    d0.intoArray(sums, at + 12 * L);
    d1.intoArray(sums, at + 13 * L);
    d2.intoArray(sums, at + 14 * L);
    d3.intoArray(sums, at + 15 * L);
  }

  /** The lanes of both chains of a unit, added up, to {@link #out}. */
  private void finish(int at, int vectors) {
    addTo(sums[0], sums[1], at, at + vectors * L);
    for (int i = 0; i < vectors; i += 4) {
      VectorMath.sums(sums[0], at + i * L, out, i, 1);
    }
  }

  private static void addTo(float[] a, float[] b, int from, int to) {
    for (int i = from; i < to; i += L) {
      FloatVector.fromArray(F, a, i).add(FloatVector.fromArray(F, b, i)).intoArray(a, i);
    }
  }

  private float withTail(float whole, int row, float[] x, int xAt) {
    if (order.tail().length == 0) {
      return whole;
    }
    float sum = order.tailApart() ? 0 : whole;
    for (int place : order.tail()) {
      sum += rows[row + place] * x[xAt + place];
    }
    return order.tailApart() ? whole + sum : sum;
  }
}
