package org.mixtureofmasks.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Random weights and activations for the tests of this room. */
final class TestMatrices {
  private TestMatrices() {}

  static Matrix random(Random random, boolean bf16, int rows, int columns) {
    int bytes = bf16 ? 2 : 4;
    // One element off any alignment: mapped files promise none.
    MemorySegment data =
        Arena.ofAuto().allocate((long) (rows * columns + 1) * bytes, 64).asSlice(bytes);
    for (int i = 0; i < rows * columns; i++) {
      float value = (float) random.nextGaussian();
      if (bf16) {
        data.set(
            ValueLayout.JAVA_SHORT_UNALIGNED,
            2L * i,
            (short) (Float.floatToRawIntBits(value) >>> 16));
      } else {
        data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, value);
      }
    }
    return bf16 ? new Matrix.Bf16(data, rows, columns) : new Matrix.F32(data, rows, columns);
  }

  static float[] random(Random random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /** tokens x columns in the order that the matrix wants. */
  static float[] ordered(Matrix w, float[] x, int tokens) {
    if (!w.splits()) {
      return x;
    }
    float[] out = new float[x.length];
    for (int t = 0; t < tokens; t++) {
      new ScalarKernels().split(x, t * w.columns(), out, t * w.columns(), w.columns());
    }
    return out;
  }

  /** Σ w a in double, the exact value, and Σ |w a|, what rounding errors are measured by. */
  static double[] dot(Matrix w, int row, float[] x, int xAt) {
    double sum = 0;
    double magnitude = 0;
    for (int c = 0; c < w.columns(); c++) {
      double product = (double) w.get(row, c) * x[xAt + c];
      sum += product;
      magnitude += Math.abs(product);
    }
    return new double[] {sum, magnitude};
  }

  static double silu(double z) {
    return z / (1 + Math.exp(-z));
  }
}
