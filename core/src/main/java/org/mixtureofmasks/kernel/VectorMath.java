package org.mixtureofmasks.kernel;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums and exponentials whose bits do not depend on the compiler. The Vector API's own reduction
 * adds in one order while interpreted and in another once compiled, and its EXP is one library or
 * another: with them the same prompt could give other last bits from run to run.
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // coefficients as they are published
final class VectorMath {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** Doubles in a vector as wide: half as many lanes. */
  private static final VectorSpecies<Double> D = F.withLanes(double.class);

  private static final int L = F.length();

  /** Partners half a vector, a quarter, an eighth and a sixteenth of it away. */
  private static final VectorShuffle<Float> BY_HALF = partner(L / 2);

  private static final VectorShuffle<Float> BY_QUARTER = partner(L / 4);
  private static final VectorShuffle<Float> BY_EIGHTH = partner(L / 8);
  private static final VectorShuffle<Float> BY_SIXTEENTH = partner(L / 16);

  /** The lanes of the upper half, and of the upper quarter of each half. */
  private static final VectorMask<Float> HALF = lanesWith(L / 2);

  private static final VectorMask<Float> QUARTER = lanesWith(L / 4);

  private static final float LOG2_E = 1.44269504f;

  /** ln 2 in two parts, so that n ln 2 is exact enough to be subtracted. */
  private static final float LN2_HIGH = 0.693359375f;

  private static final float LN2_LOW = -2.12194440e-4f;

  /** Adding 1.5 · 2^23 rounds a float to a whole number and leaves it in the low bits. */
  private static final float ROUNDER = 12582912f;

  private VectorMath() {}

  private static VectorShuffle<Float> partner(int distance) {
    return VectorShuffle.fromOp(F, i -> i ^ distance);
  }

  private static VectorMask<Float> lanesWith(int bit) {
    boolean[] set = new boolean[L];
    for (int i = 0; i < L; i++) {
      set[i] = (i & bit) != 0;
    }
    return VectorMask.fromArray(F, set, 0);
  }

  /** The sum of all lanes, halves first. */
  static float sum(FloatVector v) {
    FloatVector s = v.add(v.rearrange(BY_HALF));
    return fold(s.add(s.rearrange(BY_QUARTER))).lane(0);
  }

  /** Adds up what is left within an eighth and less; vectors have 4, 8 or 16 lanes. */
  private static FloatVector fold(FloatVector v) {
    FloatVector s = v;
    if (L >= 8) {
      s = s.add(s.rearrange(BY_EIGHTH));
    }
    if (L >= 16) {
      s = s.add(s.rearrange(BY_SIXTEENTH));
    }
    return s;
  }

  /**
   * The sums of four vectors that lie one after the other in {@code vectors}, at a third of their
   * cost one by one, to y[at], y[at + step], ...; lanes are added in the order of {@link #sum}, so
   * the bits are the same. Takes them from memory, not as arguments: where C2 does not inline this,
   * arguments would become objects.
   */
  static void sums(float[] vectors, int from, float[] y, int at, int step) {
    FloatVector ab = pack(vector(vectors, from, 0), vector(vectors, from, 1), BY_HALF, HALF);
    FloatVector cd = pack(vector(vectors, from, 2), vector(vectors, from, 3), BY_HALF, HALF);
    FloatVector s = fold(pack(ab, cd, BY_QUARTER, QUARTER));
    y[at] = s.lane(0);
    y[at + step] = s.lane(L / 2);
    y[at + 2 * step] = s.lane(L / 4);
    y[at + 3 * step] = s.lane(L / 2 + L / 4);
  }

  private static FloatVector vector(float[] vectors, int from, int i) {
    return FloatVector.fromArray(F, vectors, from + i * L);
  }

  /** Folds u into the places where mask is unset and v into the others: one addition for two. */
  private static FloatVector pack(
      FloatVector u, FloatVector v, VectorShuffle<Float> partner, VectorMask<Float> mask) {
    return u.blend(v, mask).add(v.blend(u, mask).rearrange(partner));
  }

  /**
   * e^x within 2 units in the last place for x in [-87, 88], the values at these ends beyond them:
   * x = n ln 2 + r, e^x = 2^n e^r, with the polynomial for e^r of Moshier's Cephes (expf).
   */
  static FloatVector exp(FloatVector x) {
    FloatVector z = x.max(-87f).min(88f);
    FloatVector t = z.mul(LOG2_E).add(ROUNDER);
    FloatVector n = t.sub(ROUNDER);
    FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), z);
    r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(F, 1.9875691500e-4f);
    p = p.fma(r, FloatVector.broadcast(F, 1.3981999507e-3f));
    p = p.fma(r, FloatVector.broadcast(F, 8.3334519073e-3f));
    p = p.fma(r, FloatVector.broadcast(F, 4.1665795894e-2f));
    p = p.fma(r, FloatVector.broadcast(F, 1.6666665459e-1f));
    p = p.fma(r, FloatVector.broadcast(F, 5.0000001201e-1f));
    p = p.fma(r.mul(r), r.add(1f));
    // n << 23 is the exponent of 2^n; what ROUNDER put above it is shifted out.
    FloatVector power =
        t.reinterpretAsInts()
            .lanewise(VectorOperators.LSHL, 23)
            .add(Float.floatToRawIntBits(1f))
            .reinterpretAsFloats();
    return p.mul(power);
  }

  /**
   * Σ_i e^(x_i - max). The exponentials are float32, their sum float64: over a vocabulary a sum in
   * float32 would lose more than they do.
   */
  static double sumOfExps(float[] x, int offset, int n, float max) {
    int end = F.loopBound(n);
    DoubleVector low = DoubleVector.zero(D);
    DoubleVector high = low;
    for (int i = 0; i < end; i += L) {
      FloatVector e = exp(FloatVector.fromArray(F, x, offset + i).sub(max));
      low = low.add(e.convertShape(VectorOperators.F2D, D, 0));
      high = high.add(e.convertShape(VectorOperators.F2D, D, 1));
    }
    double[] lanes = low.add(high).toArray();
    double sum = 0;
    for (double lane : lanes) {
      sum += lane;
    }
    for (int i = end; i < n; i++) {
      sum += Math.exp((double) x[offset + i] - max);
    }
    return sum;
  }
}
