package org.mixtureofmasks.quantise;

import org.mixtureofmasks.UserError;
import org.mixtureofmasks.kernel.ParallelKernels;

/**
 * The upper triangular U with UᵀU = (H + λI)⁻¹: its row j says how the error of rounding weight j
 * is best shared out among the weights after it. With all rows and columns turned round, U is the
 * inverse of the lower Cholesky factor of H.
 */
final class InverseFactor {
  /**
   * λ over the mean of H's diagonal. GPTQ's authors take 0.01 with a quarter of a million tokens;
   * with tens of thousands weights then fit the calibration text and not others like it.
   */
  private static final double DAMPING = 0.1;

  private static final int MOST_TRIES = 4;
  private static final int BLOCK = 64;

  /** Columns of a row that stay in the first-level cache. */
  private static final int CHUNK = 256;

  private final ParallelKernels kernels;
  private final int n;
  private final double[] a; // n x n, in place: turned H, its factor L, then the inverse of L

  private InverseFactor(ParallelKernels kernels, int n) {
    this.kernels = kernels;
    this.n = n;
    this.a = new double[Math.multiplyExact(n, n)];
  }

  /** Bytes that it works in. */
  static long bytes(int n) {
    return 2L * Double.BYTES * n * n + (long) Float.BYTES * n * n;
  }

  /**
   * @return U, n x n, zeros below the diagonal
   * @throws UserError if H is not finite
   */
  static float[] of(SecondMoments moments, ParallelKernels kernels) {
    int n = moments.size();
    InverseFactor factor = new InverseFactor(kernels, n);
    double damping = DAMPING;
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      factor.turn(moments.sums(), damping);
      if (factor.cholesky()) {
        return factor.inverted();
      }
      damping *= 10;
    }
    throw new UserError(
        "activations of the calibration text are not finite or too large to calibrate with; --rounding nearest needs none");
  }

  private void turn(float[] h, double damping) {
    double mean = 0;
    for (int i = 0; i < n; i++) {
      mean += h[i * n + i];
    }
    mean /= n;
    double added = mean > 0 ? damping * mean : 1; // without any input every error is as bad
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < n; k++) {
        a[i * n + k] = h[(n - 1 - i) * n + n - 1 - k];
      }
      a[i * n + i] += added;
    }
  }

  /** In place, block by block; false if a pivot is not positive. */
  private boolean cholesky() {
    for (int from = 0; from < n; from += BLOCK) {
      int to = Math.min(n, from + BLOCK);
      for (int r = from; r < to; r++) {
        solve(r, from, r);
        double pivot = a[r * n + r];
        for (int p = from; p < r; p++) {
          pivot -= a[r * n + p] * a[r * n + p];
        }
        if (!(pivot > 0) || pivot == Double.POSITIVE_INFINITY) {
          return false;
        }
        a[r * n + r] = Math.sqrt(pivot);
      }
      int first = from;
      int below = n - to;
      kernels.forEach(below, (i, _) -> solve(to + i, first, to));
      double[] panel = new double[(to - from) * below];
      kernels.forEach(to - from, (p, _) -> column(first + p, to, panel, p * below));
      kernels.forEach(below, (i, _) -> update(to + below - 1 - i, first, to, panel));
    }
    return true;
  }

  /** Row r of the factor in columns [from, to), those before from being subtracted already. */
  private void solve(int r, int from, int to) {
    for (int c = from; c < to; c++) {
      double sum = a[r * n + c];
      for (int p = from; p < c; p++) {
        sum -= a[r * n + p] * a[c * n + p];
      }
      a[r * n + c] = sum / a[c * n + c];
    }
  }

  private void column(int c, int from, double[] out, int at) {
    for (int r = from; r < n; r++) {
      out[at + r - from] = a[r * n + c];
    }
  }

  /** Subtracts columns [from, to) of the factor from row r, up to its diagonal. */
  private void update(int r, int from, int to, double[] panel) {
    int below = n - to;
    int count = r - to + 1;
    for (int p = from; p < to; p++) {
      subtract(a, r * n + to, panel, (p - from) * below, count, a[r * n + p]);
    }
  }

  private static void subtract(double[] y, int yAt, double[] x, int xAt, int count, double times) {
    for (int i = 0; i < count; i++) {
      y[yAt + i] -= times * x[xAt + i];
    }
  }

  /** U of the factor. */
  private float[] inverted() {
    double[] inverse = new double[n * n];
    for (int from = 0; from < n; from += BLOCK) {
      int first = from;
      int to = Math.min(n, from + BLOCK);
      kernels.forEach(
          Math.ceilDiv(to, CHUNK), (chunk, _) -> invert(inverse, first, to, chunk * CHUNK));
    }
    float[] u = new float[n * n];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k <= i; k++) {
        u[(n - 1 - i) * n + n - 1 - k] = (float) inverse[i * n + k];
      }
    }
    return u;
  }

  /** Rows [from, to) of the inverse, columns from {@code left} on; rows before are there. */
  private void invert(double[] inverse, int from, int to, int left) {
    int right = left + CHUNK;
    for (int p = left; p < from; p++) {
      int count = Math.min(right, p + 1) - left;
      for (int r = from; r < to; r++) {
        subtract(inverse, r * n + left, inverse, p * n + left, count, a[r * n + p]);
      }
    }
    for (int r = from; r < to; r++) {
      for (int p = Math.max(from, left); p < r; p++) {
        int count = Math.min(right, p + 1) - left;
        subtract(inverse, r * n + left, inverse, p * n + left, count, a[r * n + p]);
      }
      if (r >= left && r < right) {
        inverse[r * n + r] += 1;
      }
      int count = Math.min(right, r + 1) - left;
      for (int c = 0; c < count; c++) {
        inverse[r * n + left + c] /= a[r * n + r];
      }
    }
  }
}
