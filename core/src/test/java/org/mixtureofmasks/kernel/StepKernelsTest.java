package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tokens of a step get the bits that each of them gets alone, in every format. */
class StepKernelsTest {
  record Case(Kernels kernels, Format format, int columns) {
    @Override
    public String toString() {
      return "%s %s, %d columns".formatted(kernels.name(), format.name(), columns);
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Format format : List.of(F32.FORMAT, Bf16.FORMAT, F16.FORMAT)) {
      for (int columns : new int[] {1, 2, 15, 16, 17, 31, 33, 64, 65, 77, 577, 3001}) {
        cases.add(new Case(new VectorKernels(), format, columns));
      }
      cases.add(new Case(new ScalarKernels(), format, 33));
    }
    for (int columns : new int[] {1, 15, 17, 33, 64, 577}) {
      cases.add(new Case(new VectorKernels(), Int8.FORMAT, columns));
    }
    for (Format format : List.of(Q4.FORMAT, Q41.FORMAT, Q50.FORMAT)) {
      for (int columns : new int[] {32, 96, 576}) {
        cases.add(new Case(new VectorKernels(), format, columns));
      }
    }
    for (Format format : List.of(Q80.FORMAT, Q40.FORMAT)) {
      for (int columns : new int[] {32, 64, 96, 160, 576, 3008}) {
        cases.add(new Case(new VectorKernels(), format, columns));
      }
      cases.add(new Case(new ScalarKernels(), format, 32));
    }
    return cases;
  }

  private static Activations activations(Random random, int tokens, int columns) {
    Activations x = new Activations(tokens, columns);
    float[] values = TestMatrices.random(random, tokens * columns);
    System.arraycopy(values, 0, x.values(), 0, values.length);
    x.changed(tokens);
    return x;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void productsOfUpToSeventeenTokens(Case c) {
    Random random = new Random(c.columns);
    int rows = c.columns > 1000 ? 45 : 83;
    Matrix w = TestMatrices.random(random, c.format, rows, c.columns);
    float[] x = TestMatrices.random(random, 17 * c.columns);
    Input input = TestMatrices.input(w, x, 17);
    int stride = rows + 5;
    float[] alone = new float[17 * stride];
    for (int t = 0; t < 17; t++) {
      c.kernels.matvec(w, input, t, alone, t * stride + 2, 1, rows);
    }
    for (int tokens = 1; tokens <= 17; tokens++) {
      float[] together = new float[17 * stride];
      c.kernels.products(w, input, tokens, together, stride, 2, 1, rows);
      assertArrayEquals(
          Arrays.copyOf(alone, tokens * stride),
          Arrays.copyOf(together, tokens * stride),
          tokens + " tokens");
    }
  }

  /** Groups of several sizes, one of them of one token, with factors of every kind. */
  @ParameterizedTest
  @MethodSource("cases")
  void neuronsOfTokensInGroups(Case c) {
    Random random = new Random(c.columns + 1);
    int stored = c.columns > 1000 ? 40 : 61;
    Matrix w = TestMatrices.random(random, c.format, 3 * stored, c.columns);
    int[] sizes = {5, 1, 2, 0, 3};
    int tokens = Arrays.stream(sizes).sum();
    for (int threads = 1; threads <= 3; threads += 2) {
      Activations x = activations(random, tokens, c.columns);
      float[] alone = TestMatrices.random(random, tokens * c.columns);
      float[] together = TestMatrices.random(random, tokens * c.columns);
      SparseFfn ffn = new SparseFfn(c.columns, threads);
      SparseFfn step = new SparseFfn(c.columns, threads);
      try (ParallelKernels team = new ParallelKernels(c.kernels, threads)) {
        int t = 0;
        for (int size : sizes) {
          int[] list = IntStream.range(0, stored).filter(_ -> random.nextBoolean()).toArray();
          for (int i = 0; i < size; i++, t++) {
            float[] factors = TestMatrices.random(random, Math.max(1, list.length));
            if (t % 3 == 0) {
              ffn.one(team, w, list, list.length, factors, x, t, alone);
              step.lane(t, list, list.length, factors);
            } else if (t % 3 == 1) {
              ffn.one(team, w, list, list.length, null, x, t, alone);
              step.lane(t, list, list.length, 1);
            } else {
              Arrays.fill(factors, 0.7f);
              ffn.one(team, w, list, list.length, factors, x, t, alone);
              step.lane(t, list, list.length, 0.7f);
            }
          }
        }
        step.step(team, w, x, together);
      }
      assertArrayEquals(alone, together, threads + " threads");
    }
  }
}
