package org.mixtureofmasks.quantise;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.ParallelKernels;

/**
 * H = Σ_t c_t x_t x_tᵀ of the inputs that a matrix saw: what its rounding errors are weighed by.
 */
final class SecondMoments {
  private final int n;
  private final float[] sums;

  /**
   * @param n elements of an input
   */
  SecondMoments(int n) {
    this.n = n;
    this.sums = new float[Math.multiplyExact(n, n)];
  }

  /** Bytes of one for inputs of so many elements. */
  static long bytes(int n) {
    return (long) Float.BYTES * n * n;
  }

  /** n x n, symmetric. */
  float[] sums() {
    return sums;
  }

  int size() {
    return n;
  }

  /**
   * Adds some inputs.
   *
   * @param x tokens x n
   * @param counts by token: how much it counts
   */
  void add(ParallelKernels kernels, float[] x, int tokens, float[] counts) {
    // Elements take the part of tokens: H is the product of the transposed inputs with themselves.
    Activations elements = new Activations(n, tokens);
    float[] values = elements.values();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate((long) Float.BYTES * n * tokens, Float.BYTES);
      kernels.forEach(n, (i, _) -> transpose(x, tokens, counts, i, values));
      MemorySegment.copy(values, 0, data, ValueLayout.JAVA_FLOAT, 0, n * tokens);
      elements.changed(n);
      Matrix matrix = new Matrix(data, n, tokens, F32.FORMAT);
      float[] products = new float[n * n];
      kernels.multiply(elements, matrix, products);
      kernels.forEach(n, (i, _) -> addRow(products, i));
    }
  }

  private void transpose(float[] x, int tokens, float[] counts, int i, float[] out) {
    for (int t = 0; t < tokens; t++) {
      out[i * tokens + t] = x[t * n + i] * (float) Math.sqrt(counts[t]);
    }
  }

  private void addRow(float[] products, int i) {
    for (int k = i * n; k < (i + 1) * n; k++) {
      sums[k] += products[k];
    }
  }
}
