package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Softmax and the maximum that it begins with. */
final class VectorSoftmax {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  private VectorSoftmax() {}

  /** The largest of n numbers; NaN as soon as one is NaN. */
  static float max(float[] x, int offset, int n) {
    int end = F.loopBound(n);
    FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < end; i += L) {
      most = most.max(FloatVector.fromArray(F, x, offset + i));
    }
    float max = most.reduceLanes(VectorOperators.MAX);
    for (int i = end; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }

  static void softmax(float[] x, int offset, int n) {
    int end = F.loopBound(n);
    float max = max(x, offset, n);
    FloatVector sums = FloatVector.zero(F);
    for (int i = 0; i < end; i += L) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(F, x, offset + i).sub(max));
      e.intoArray(x, offset + i);
      sums = sums.add(e);
    }
    float sum = VectorMath.sum(sums);
    for (int i = end; i < n; i++) {
      x[offset + i] = (float) Math.exp(x[offset + i] - max);
      sum += x[offset + i];
    }
    float scale = 1 / sum;
    for (int i = 0; i < end; i += L) {
      FloatVector.fromArray(F, x, offset + i).mul(scale).intoArray(x, offset + i);
    }
    for (int i = end; i < n; i++) {
      x[offset + i] *= scale;
    }
  }
}
