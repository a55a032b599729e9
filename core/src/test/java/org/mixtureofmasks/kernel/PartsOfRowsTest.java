package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sums of parts of listed rows, and parts of rows as floats, of both twins. */
class PartsOfRowsTest {
  private static final int ROWS = 61;

  record Case(Kernels kernels, Format format, int columns) {
    @Override
    public String toString() {
      return "%s %s, %d columns".formatted(kernels.name(), format.name(), columns);
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Kernels kernels : List.of(new VectorKernels(), new ScalarKernels())) {
      for (Format format : List.of(F32.FORMAT, Bf16.FORMAT, Int8.FORMAT, F16.FORMAT)) {
        for (int columns : new int[] {1, 31, 96, 577}) {
          cases.add(new Case(kernels, format, columns));
        }
      }
      cases.add(new Case(kernels, Q4.FORMAT, 96)); // by a format's own get
      cases.add(new Case(kernels, PreviewWeights.FORMAT, 192));
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalDoubleArithmetic(Case c) {
    Random random = new Random(c.columns);
    Matrix w = TestMatrices.random(random, c.format, ROWS, c.columns);
    int[] list = IntStream.range(0, ROWS).filter(_ -> random.nextInt(3) > 0).toArray();
    float[] factors = TestMatrices.random(random, list.length);
    for (int first : new int[] {0, c.columns / 3}) { // of 192 blocks, vectors and neither
      for (int end : new int[] {first, first + 1, (first + c.columns) / 2, c.columns}) {
        int n = end - first;
        float[] before = TestMatrices.random(random, n + 5);
        float[] y = before.clone();
        c.kernels.addRows(w, list, 1, list.length, factors, y, 2, first, end);
        float[] wide = new float[ROWS * (n + 1)];
        c.kernels.widenColumns(w, 3, ROWS, first, end, wide, n + 1);
        for (int i = 0; i < n; i++) {
          int place = c.format.order().place(i, n);
          double sum = before[2 + place];
          double magnitude = Math.abs(sum);
          for (int k = 1; k < list.length; k++) {
            sum += (double) factors[k] * w.get(list[k], first + i);
            magnitude += Math.abs(factors[k] * w.get(list[k], first + i));
          }
          assertEquals(sum, y[2 + place], 0x1p-22 * magnitude, "column " + i);
          for (int r = 3; r < ROWS; r++) {
            assertEquals(w.get(r, first + i), wide[(r - 3) * (n + 1) + place]);
          }
        }
        for (int i : new int[] {0, 1, n + 2, n + 3, n + 4}) {
          assertEquals(before[i], y[i], "what lies beside the part");
        }
      }
    }
  }
}
