package org.mixtureofmasks.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.mixtureofmasks.UserError;
import org.slf4j.LoggerFactory;

/**
 * Runs in a JVM of its own, see {@link KernelChoiceTest}; reports through the log, as a warning
 * because lower levels may be switched off.
 */
final class KernelProbe {
  private KernelProbe() {}

  public static void main(String[] args) {
    String report;
    try {
      KernelChoice choice = KernelChoice.get();
      report =
          args[0].equals("choose")
              ? choice.kernels().name() + " | " + choice.reason()
              : choice.kernels().name() + ": " + compare(choice.kernels());
    } catch (ExceptionInInitializerError e) {
      report = e.getCause().getMessage();
    } catch (UserError e) {
      report = e.getMessage();
    }
    LoggerFactory.getLogger(KernelProbe.class).warn(report);
  }

  /** Every kernel against its scalar twin. */
  private static String compare(Kernels kernels) {
    Kernels scalar = new ScalarKernels();
    Random random = new Random(5);
    List<String> wrong = new ArrayList<>();
    for (Format format : List.of(F32.FORMAT, Bf16.FORMAT, F16.FORMAT)) {
      for (int n : new int[] {3, 16, 33, 64, 77}) {
        Matrix w = TestMatrices.random(random, format, 3 * 21, n);
        Input x = TestMatrices.input(w, TestMatrices.random(random, 5 * n), 5);
        float[][] y = new float[2][5 * 63];
        float[][] z = new float[2][5 * n];
        int[] list = {0, 3, 4, 5, 6, 9, 11, 13, 14, 15, 16, 17, 18, 19, 20};
        float[] scratch = new float[Kernels.SCRATCH];
        for (int i = 0; i < 2; i++) {
          Kernels k = i == 0 ? scalar : kernels;
          float[] wide = new float[63 * n];
          k.widen(w, 0, 63, wide);
          k.matmul(wide, 63, n, x.floats(), 5, y[i], 63, 0);
          k.neurons(w, list, 0, 15, null, x, 4, z[i], 4 * n, scratch);
          lanes(k, w, list, x.floats(), z[i]);
        }
        step(kernels, w, x, wrong);
        note(wrong, "products " + n, y);
        note(wrong, "neurons " + n, z);
      }
    }
    for (KvFormat format : List.of(KvF32.FORMAT, KvBf16.FORMAT, KvInt8.FORMAT)) {
      for (int headDim : new int[] {8, 48, 64}) {
        attention(kernels, format, random, headDim, wrong);
      }
    }
    return wrong.isEmpty() ? "agrees" : "differs: " + wrong;
  }

  /** Of vectors of any width the tokens of a step are to have the bits of each alone. */
  private static void step(Kernels k, Matrix w, Input x, List<String> wrong) {
    float[] alone = new float[5 * w.rows()];
    float[] together = new float[5 * w.rows()];
    for (int t = 0; t < 5; t++) {
      k.matvec(w, x, t, alone, t * w.rows(), 0, w.rows());
    }
    k.products(w, x, 5, together, w.rows(), 0, 0, w.rows());
    if (!Arrays.equals(alone, together)) {
      wrong.add("a step of " + w.columns());
    }
  }

  private static void attention(
      Kernels kernels, KvFormat format, Random random, int headDim, List<String> wrong) {
    float[][] mixed = new float[2][5 * headDim];
    float[] q = TestMatrices.random(random, 5 * headDim);
    KvHead cache = TestCaches.random(random, format, 0, 0, headDim, 2 * KvHead.PAGE);
    int[][] seen = {{0, 37}, {0, 150}, {0, 36, 40, 41}, {0, 39}};
    int[] at = {0, headDim, 2 * headDim, 3 * headDim};
    int[] last = {4 * headDim};
    for (int i = 0; i < 2; i++) {
      Kernels k = i == 0 ? new ScalarKernels() : kernels;
      k.attend(q, at, cache, seen, 0.3f, new float[4 * 192], mixed[i]);
      k.attend(q, last, cache, new int[][] {seen[2]}, 0.3f, new float[96], mixed[i]);
    }
    note(wrong, "attention " + headDim + ", " + format.name(), mixed);
  }

  /** Lanes of more than one tile, two lists in turns; four tokens, so that lanes add up. */
  private static void lanes(Kernels k, Matrix w, int[] list, float[] ordered, float[] y) {
    Activations x = new Activations(4, w.columns());
    System.arraycopy(ordered, 0, x.values(), 0, 4 * w.columns());
    x.changed(4);
    SparseFfn ffn = new SparseFfn(w.columns(), 1);
    for (int i = 0; i < 41; i++) {
      if (i % 3 == 0) {
        ffn.lane(i % 4, new int[] {1, 2, 20}, 3, new float[] {1, 2, 3});
      } else {
        ffn.lane(i % 4, list, 15, 0.5f);
      }
    }
    try (ParallelKernels team = new ParallelKernels(k, 1)) {
      ffn.many(team, w, x, y);
    }
  }

  private static void note(List<String> wrong, String what, float[][] pair) {
    float largest = 0;
    for (float value : pair[0]) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < pair[0].length; i++) {
      if (Math.abs(pair[0][i] - pair[1][i]) > 1e-5f * largest) {
        wrong.add(what);
        return;
      }
    }
  }
}
