package org.mixtureofmasks.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Random weights and activations for the tests of this room. */
final class TestMatrices {
  private TestMatrices() {}

  static Matrix random(Random random, Format format, int rows, int columns) {
    // One element off any alignment: mapped files promise none.
    long rowBytes = format.rowBytes(columns);
    long odd = format == F32.FORMAT ? 4 : 2;
    MemorySegment data = Arena.ofAuto().allocate(rows * rowBytes + odd, 64).asSlice(odd);
    for (int r = 0; r < rows; r++) {
      if (format instanceof GgufSuperBlocks || format == PreviewWeights.FORMAT) {
        fill(random, data.asSlice(r * rowBytes, rowBytes));
      } else {
        format.put(random(random, columns), data, r * rowBytes);
      }
    }
    return new Matrix(data, rows, columns, format);
  }

  /** Such blocks are read, not made: any bytes, but for an exponent that a scale cannot have. */
  private static void fill(Random random, MemorySegment row) {
    for (long at = 0; at < row.byteSize(); at++) {
      int any = random.nextInt(256);
      row.set(ValueLayout.JAVA_BYTE, at, (byte) ((any & 0x7c) == 0x7c ? any & ~0x40 : any));
    }
  }

  static float[] random(Random random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /** Activations in the form that the matrix wants. */
  static Input input(Matrix w, float[] x, int tokens) {
    Order order = w.format().order();
    Input input = order.newInput(x, w.columns());
    for (int t = 0; t < tokens; t++) {
      order.prepare(new ScalarKernels(), x, t, input);
    }
    return input;
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
