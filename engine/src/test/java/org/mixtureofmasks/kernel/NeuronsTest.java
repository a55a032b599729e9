package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sparse SwiGLU of both twins against straightforward double code. */
class NeuronsTest {
  record Case(Kernels kernels, boolean bf16, int columns, int stored, double share) {
    @Override
    public String toString() {
      return kernels.name() + (bf16 ? " bf16 d=" : " f32 d=") + columns + " share " + share;
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Kernels kernels : List.of(new VectorKernels(), new ScalarKernels())) {
      for (boolean bf16 : new boolean[] {false, true}) {
        for (int columns : new int[] {1, 8, 31, 64, 77, 256}) {
          for (double share : new double[] {0, 0.1, 0.5, 1}) {
            cases.add(new Case(kernels, bf16, columns, 61, share));
          }
        }
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
    Matrix w = TestMatrices.random(random, c.bf16, 3 * c.stored, c.columns);
    int[] list = pick(random, c);
    float[] scales = TestMatrices.random(random, Math.max(1, list.length));
    Activations x = activations(random, 1, c.columns);
    float[] y = TestMatrices.random(random, c.columns); // must be overwritten
    for (int threads = 1; threads <= 3; threads += 2) {
      SparseFfn ffn = new SparseFfn(1, c.columns, 1, threads);
      try (Team team = new Team(c.kernels, threads)) {
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
  void groupsOfTokensEqualTheSameTokensOneByOne(Case c) {
    Random random = new Random(c.columns + 1);
    Matrix w = TestMatrices.random(random, c.bf16, 3 * c.stored, c.columns);
    int tokens = 11;
    Activations x = activations(random, tokens, c.columns);
    double[] exact = new double[tokens * c.columns];
    double[] magnitude = new double[tokens];
    float[] y = TestMatrices.random(random, tokens * c.columns);
    SparseFfn ffn = new SparseFfn(tokens, c.columns, 4, 2);
    try (Team team = new Team(c.kernels, 2)) {
      // Twice: what a call leaves behind must not reach the next.
      for (int round = 0; round < 2; round++) {
        Arrays.fill(exact, 0);
        for (int e = 0; e < 4; e++) {
          int[] list = pick(random, c);
          SparseFfn.Group group = ffn.group(e);
          group.clear();
          System.arraycopy(list, 0, group.neurons(list.length), 0, list.length);
          for (int t = e; t < tokens; t += e + 1) { // groups of 11, 5, 3 and 2 tokens, overlapping
            float scale = 0.25f * (e + 1);
            group.add(t, scale);
            magnitude[t] +=
                reference(w, list, scale, x.values(), t * c.columns, exact, t * c.columns);
          }
        }
        ffn.many(team, w, x, y);
        for (int i = 0; i < exact.length; i++) {
          assertEquals(exact[i], y[i], 0x1p-22 * magnitude[i / c.columns], "element " + i);
        }
      }
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
