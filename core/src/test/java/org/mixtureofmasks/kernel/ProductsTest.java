package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Matrix products of both twins against sums in double. */
class ProductsTest {
  /**
   * Each of n additions may round by 2^-24 of a partial sum, which Σ|wa| bounds: n 2^-24 at worst.
   * Errors are random in sign, so a sixteenth of that (and one rounding at least) is never reached.
   */
  private static double bound(int columns, double magnitude) {
    return Math.max(4, columns / 16.0) * 0x1p-24 * magnitude;
  }

  /**
   * The same for a sum in one chain, not one a lane: errors that are random in sign add up to √n;
   * twice as much is never reached, and n is the worst.
   */
  private static double chain(int columns, double magnitude) {
    return Math.min(columns + 1, 2 * Math.sqrt(columns)) * 0x1p-24 * magnitude;
  }

  record Shape(Kernels kernels, Format format, int tokens, int rows, int columns) {
    @Override
    public String toString() {
      return kernels.name() + " " + format.name() + " " + tokens + "x" + rows + "x" + columns;
    }
  }

  static List<Shape> shapes() {
    List<Shape> shapes = new ArrayList<>();
    for (Kernels kernels : List.of(new VectorKernels(), new ScalarKernels())) {
      for (Format format : List.of(F32.FORMAT, Bf16.FORMAT, F16.FORMAT)) {
        // Whole vectors, tails of every kind, fewer columns than a vector has lanes.
        for (int columns : new int[] {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 172, 576}) {
          for (int tokens : new int[] {1, 2, 4, 5, 11}) {
            shapes.add(new Shape(kernels, format, tokens, columns % 7 + tokens, columns));
          }
        }
        shapes.add(new Shape(kernels, format, 9, 300, 257));
        shapes.add(new Shape(kernels, format, 70, 300, 257));
      }
      for (int columns : new int[] {32, 96, 160, 576}) { // whole blocks
        shapes.add(new Shape(kernels, Q80.FORMAT, 4, 9, columns));
        shapes.add(new Shape(kernels, Q80.FORMAT, 11, 9, columns));
      }
    }
    return shapes;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void productsEqualSumsInDoubleWithinTheRoundingOfTheirMagnitude(Shape s) {
    Random random = new Random(s.columns * 31 + s.tokens);
    Matrix w = TestMatrices.random(random, s.format, s.rows, s.columns);
    float[] x = TestMatrices.random(random, s.tokens * s.columns);
    Input input = TestMatrices.input(w, x, s.tokens);
    float[] one = new float[s.tokens * s.rows];
    for (int t = 0; t < s.tokens; t++) {
      s.kernels.matvec(w, input, t, one, t * s.rows, 0, s.rows);
    }
    float[] many = new float[s.tokens * s.rows];
    float[] wide = new float[s.rows * s.columns];
    s.kernels.widen(w, 0, s.rows, wide);
    s.kernels.matmul(wide, s.rows, s.columns, input.floats(), s.tokens, many, s.rows, 0);
    for (int t = 0; t < s.tokens; t++) {
      for (int r = 0; r < s.rows; r++) {
        double[] exact = TestMatrices.dot(w, r, x, t * s.columns);
        double bound = bound(s.columns, exact[1]);
        assertEquals(exact[0], one[t * s.rows + r], bound, "matvec " + t + ", " + r);
        assertEquals(exact[0], many[t * s.rows + r], bound, "matmul " + t + ", " + r);
      }
    }
  }

  /**
   * Tiles of transposed tokens, the last one half filled or less; rows that fill no group of six.
   */
  @ParameterizedTest
  @MethodSource("shapes")
  void manyTokensEqualSumsInDoubleWithinTheRoundingOfTheirMagnitude(Shape s) {
    Random random = new Random(s.columns * 31 + s.tokens);
    int rows = 77;
    int tokens = s.kernels.tileTokens() * (s.tokens % 3) + 12 + s.columns % 20;
    Matrix w = TestMatrices.random(random, s.format, rows, s.columns);
    Activations x = new Activations(tokens + 1, s.columns);
    float[] y = new float[tokens * rows];
    try (ParallelKernels team = new ParallelKernels(s.kernels, 2)) {
      for (int round = 0; round < 2; round++) { // what was transposed before must not be used again
        float[] values = TestMatrices.random(random, tokens * s.columns);
        System.arraycopy(values, 0, x.values(), 0, values.length);
        x.changed(tokens);
        team.multiply(x, w, y);
        for (int t = 0; t < tokens; t++) {
          for (int r = 0; r < rows; r++) {
            double[] exact = TestMatrices.dot(w, r, values, t * s.columns);
            assertEquals(exact[0], y[t * rows + r], chain(s.columns, exact[1]), t + ", " + r);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void theBitsOfATokenDoNotDependOnItsNeighbours(Shape s) {
    Random random = new Random(s.columns);
    int most = 3 * s.kernels.tileTokens();
    Matrix w = TestMatrices.random(random, s.format, 64 + s.rows % 7, s.columns);
    float[] values = TestMatrices.random(random, most * s.columns);
    float[] all = new float[most * w.rows()];
    float[] some = new float[most * w.rows()];
    try (ParallelKernels team = new ParallelKernels(s.kernels, 1)) {
      multiply(team, w, values, 0, most, all);
      for (int first : new int[] {0, 3}) {
        for (int n : new int[] {12, 16, 17, most - 3}) {
          multiply(team, w, values, first, n, some);
          assertArrayEquals(
              Arrays.copyOfRange(all, first * w.rows(), (first + n) * w.rows()),
              Arrays.copyOf(some, n * w.rows()));
        }
      }
    }
  }

  private static void multiply(
      ParallelKernels team, Matrix w, float[] values, int first, int n, float[] y) {
    Activations x = new Activations(n, w.columns());
    System.arraycopy(values, first * w.columns(), x.values(), 0, n * w.columns());
    x.changed(n);
    team.multiply(x, w, y);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void aTeamGivesTheSameBitsAsOneThread(Shape s) {
    Random random = new Random(s.columns);
    // Tall enough to be worth sharing out.
    Matrix w = TestMatrices.random(random, s.format, 20_000 / s.columns, s.columns);
    Activations x = new Activations(s.tokens, s.columns);
    System.arraycopy(
        TestMatrices.random(random, s.tokens * s.columns), 0, x.values(), 0, x.values().length);
    x.changed(s.tokens);
    float[] alone = new float[s.tokens * w.rows()];
    float[] shared = new float[s.tokens * w.rows()];
    try (ParallelKernels one = new ParallelKernels(s.kernels, 1);
        ParallelKernels three = new ParallelKernels(s.kernels, 3)) {
      one.multiply(x, w, alone);
      three.multiply(x, w, shared);
    }
    assertArrayEquals(alone, shared);
  }
}
