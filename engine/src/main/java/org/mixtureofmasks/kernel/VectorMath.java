package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums and exponentials whose bits do not depend on the compiler. The Vector API's own reduction
 * adds in one order while interpreted and in another once compiled, and its EXP is one library or
 * another: with them the same prompt could give other last bits from run to run.
 */
final class VectorMath {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final VectorShuffle<Float> BY_8 = VectorShuffle.fromOp(F, i -> (i ^ 8) & (L - 1));
  private static final VectorShuffle<Float> BY_4 = VectorShuffle.fromOp(F, i -> (i ^ 4) & (L - 1));
  private static final VectorShuffle<Float> BY_2 = VectorShuffle.fromOp(F, i -> (i ^ 2) & (L - 1));
  private static final VectorShuffle<Float> BY_1 = VectorShuffle.fromOp(F, i -> (i ^ 1) & (L - 1));

  private static final float LOG2_E = 1.44269504f;

  /** ln 2 in two parts, so that n ln 2 is exact enough to be subtracted. */
  private static final float LN2_HIGH = 0.693359375f;

  private static final float LN2_LOW = -2.12194440e-4f;

  /** Adding 1.5 · 2^23 rounds a float to a whole number and leaves it in the low bits. */
  private static final float ROUNDER = 12582912f;

  private VectorMath() {}

  /** The sum of all lanes, halves first. */
  static float sum(FloatVector v) {
    if (L > 16) {
      throw new IllegalStateException("vectors of " + L + " floats are unknown");
    }
    FloatVector s = v;
    if (L > 8) {
      s = s.add(s.rearrange(BY_8));
    }
    if (L > 4) {
      s = s.add(s.rearrange(BY_4));
    }
    if (L > 2) {
      s = s.add(s.rearrange(BY_2));
    }
    return s.add(s.rearrange(BY_1)).lane(0);
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
}
