package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sparse SwiGLU of both twins against straightforward double code. */
class NeuronsTest {
  record Case(Kernels kernels, Format format, int columns, int stored, double share) {
    @Override
    public String toString() {
      return kernels.name() + " " + format.name() + " d=" + columns + " share " + share;
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Kernels kernels : List.of(new VectorKernels(), new ScalarKernels())) {
      for (Format format : List.of(F32.FORMAT, Bf16.FORMAT, F16.FORMAT)) {
        for (int columns : new int[] {1, 8, 31, 64, 77, 256}) {
          for (double share : new double[] {0, 0.1, 0.5, 1}) {
            cases.add(new Case(kernels, format, columns, 61, share));
          }
        }
      }
      cases.add(new Case(kernels, Q80.FORMAT, 96, 61, 0.5));
      cases.add(new Case(kernels, Q4.FORMAT, 96, 61, 0.5));
      for (int columns : new int[] {1, 31, 77, 256}) {
        cases.add(new Case(kernels, Int8.FORMAT, columns, 61, 0.5));
      }
    }
    return cases;
  }

  private static int[] pick(Random random, Case c) {
    return IntStream.range(0, c.stored).filter(j -> random.nextDouble() < c.share).toArray();
  }

  /** Adds scale · FFN of the listed neurons to y in double; returns Σ of magnitudes. */
  private static double reference(
      Matrix w, int[] list, double scale, float[] x, int xAt, double[] y, int yAt) {
    double magnitude = 0;
    for (int j : list) {
      double gate = TestMatrices.dot(w, 3 * j, x, xAt)[0];
      double up = TestMatrices.dot(w, 3 * j + 1, x, xAt)[0];
      double h = scale * TestMatrices.silu(gate) * up;
      double gateSize = TestMatrices.dot(w, 3 * j, x, xAt)[1];
      double upSize = TestMatrices.dot(w, 3 * j + 1, x, xAt)[1];
      magnitude += scale * (1 + gateSize) * (1 + upSize) * 4;
      for (int c = 0; c < w.columns(); c++) {
        y[yAt + c] += h * w.get(3 * j + 2, c);
      }
    }
    return magnitude;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void oneTokenEqualsDoubleArithmetic(Case c) {
    Random random = new Random(c.columns);
    Matrix w = TestMatrices.random(random, c.format, 3 * c.stored, c.columns);
    int[] list = pick(random, c);
    float[] scales = TestMatrices.random(random, Math.max(1, list.length));
    Activations x = activations(random, 1, c.columns);
    float[] y = TestMatrices.random(random, c.columns); // must be overwritten
    for (int threads = 1; threads <= 3; threads += 2) {
      SparseFfn ffn = new SparseFfn(c.columns, threads);
      try (ParallelKernels team = new ParallelKernels(c.kernels, threads)) {
        ffn.one(team, w, list, list.length, scales, x, 0, y);
      }
      double[] exact = new double[c.columns];
      double magnitude = 0;
      for (int k = 0; k < list.length; k++) {
        magnitude +=
            Math.abs(reference(w, new int[] {list[k]}, scales[k], x.values(), 0, exact, 0));
      }
      for (int i = 0; i < c.columns; i++) {
        assertEquals(exact[i], y[i], 0x1p-22 * magnitude, "column " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void lanesOfManyTokensEqualDoubleArithmetic(Case c) {
    Random random = new Random(c.columns + 1);
    Matrix w = TestMatrices.random(random, c.format, 3 * c.stored, c.columns);
    int tokens = 41;
    Activations x = activations(random, tokens, c.columns);
    float[] y = TestMatrices.random(random, tokens * c.columns); // must be overwritten
    SparseFfn ffn = new SparseFfn(c.columns, 2);
    try (ParallelKernels team = new ParallelKernels(c.kernels, 2)) {
      // Twice: what a call leaves behind must not reach the next.
      for (int round = 0; round < 2; round++) {
        double[] exact = new double[tokens * c.columns];
        double[] magnitude = new double[tokens];
        ffn.clear();
        for (int e = 0; e < 4; e++) {
          int[] list = pick(random, c);
          float scale = 0.25f * (e + 1);
          for (int t = e; t < tokens; t += e + 1) { // 41, 20, 13 and 10 lanes; tokens in several
            ffn.lane(t, list, list.length, scale);
            magnitude[t] +=
                reference(w, list, scale, x.values(), t * c.columns, exact, t * c.columns);
          }
        }
        for (int t = 0; t < tokens; t += 3) { // own lists with own factors
          int[] list = pick(random, c);
          float[] factors = TestMatrices.random(random, Math.max(1, list.length));
          ffn.lane(t, list, list.length, factors);
          for (int k = 0; k < list.length; k++) {
            int[] one = {list[k]};
            magnitude[t] +=
                Math.abs(
                    reference(w, one, factors[k], x.values(), t * c.columns, exact, t * c.columns));
          }
        }
        ffn.many(team, w, x, y);
        for (int i = 0; i < exact.length; i++) {
          assertEquals(exact[i], y[i], 0x1p-22 * magnitude[i / c.columns], "element " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theBitsOfATokenDoNotDependOnTheLanesBesideIt(Case c) {
    Random random = new Random(c.columns + 2);
    Matrix w = TestMatrices.random(random, c.format, 3 * c.stored, c.columns);
    int[] list = pick(random, c);
    int[] other = pick(random, c);
    int tokens = 40;
    Activations x = activations(random, tokens, c.columns);
    float[] alone = new float[tokens * c.columns];
    float[] beside = new float[tokens * c.columns];
    SparseFfn ffn = new SparseFfn(c.columns, 1);
    try (ParallelKernels team = new ParallelKernels(c.kernels, 1)) {
      ffn.lane(39, list, list.length, 1);
      ffn.many(team, w, x, alone);
      ffn.clear();
      for (int t = 0; t < tokens; t++) {
        int[] neurons = t == 39 ? list : other;
        ffn.lane(t, neurons, neurons.length, 1);
      }
      ffn.many(team, w, x, beside);
    }
    int last = 39 * c.columns;
    assertArrayEquals(
        Arrays.copyOfRange(alone, last, last + c.columns),
        Arrays.copyOfRange(beside, last, last + c.columns));
    assertArrayEquals(new float[last], Arrays.copyOf(alone, last));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aTokenHasTheSameBitsInHalfATileAsInAWholeOne(Case c) {
    Random random = new Random(c.columns + 4);
    Matrix w = TestMatrices.random(random, c.format, 3 * c.stored, c.columns);
    int[] list = pick(random, c);
    int tokens = c.kernels.tileTokens();
    Activations x = activations(random, tokens, c.columns);
    float[] half = new float[tokens * c.columns];
    float[] whole = new float[tokens * c.columns];
    SparseFfn ffn = new SparseFfn(c.columns, 1);
    try (ParallelKernels team = new ParallelKernels(c.kernels, 1)) {
      ffn.lane(0, list, list.length, 0.5f);
      ffn.many(team, w, x, half);
      ffn.clear();
      for (int t = 0; t < tokens; t++) {
        ffn.lane(t, list, list.length, 0.5f);
      }
      ffn.many(team, w, x, whole);
    }
    assertArrayEquals(Arrays.copyOf(half, c.columns), Arrays.copyOf(whole, c.columns));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aNeuronThatOverflowsReachesOnlyTokensThatHoldIt(Case c) {
    Random random = new Random(c.columns + 3);
    Matrix w = TestMatrices.random(random, c.format, 3 * c.stored, c.columns);
    Activations x = activations(random, 9, c.columns);
    for (int i = 0; i < c.columns; i++) { // token 0 overflows every neuron: others must not notice
      x.values()[i] = Float.POSITIVE_INFINITY;
    }
    x.changed(9);
    float[] y = new float[9 * c.columns];
    SparseFfn ffn = new SparseFfn(c.columns, 1);
    try (ParallelKernels team = new ParallelKernels(c.kernels, 1)) {
      ffn.lane(0, new int[] {7}, 0, 1);
      for (int t = 1; t < 9; t++) {
        ffn.lane(t, new int[] {5, 7}, 2, 1);
      }
      ffn.many(team, w, x, y);
    }
    for (float value : y) {
      assertTrue(Float.isFinite(value));
    }
  }

  private static Activations activations(Random random, int tokens, int columns) {
    Activations x = new Activations(tokens, columns);
    System.arraycopy(
        TestMatrices.random(random, tokens * columns), 0, x.values(), 0, tokens * columns);
    x.changed(tokens);
    return x;
  }
}
