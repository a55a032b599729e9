package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Int8;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.ScalarKernels;
import org.mixtureofmasks.kernel.SparseFfn;
import org.mixtureofmasks.kernel.VectorKernels;

/** {@link RowScaledInt8} in everything that computes with weights: no class of ours knows it. */
class FurtherFormatTest {
  private static final int D = 32;
  private static final int M = 48;

  @TempDir Path folder;

  static List<Kernels> twins() {
    return List.of(new VectorKernels(), new ScalarKernels());
  }

  private static Matrix matrix(Format format, float[] values, int columns) {
    int rows = values.length / columns;
    long bytes = format.rowBytes(columns);
    MemorySegment data = Arena.ofAuto().allocate(rows * bytes);
    for (int r = 0; r < rows; r++) {
      float[] row = new float[columns];
      System.arraycopy(values, r * columns, row, 0, columns);
      format.put(row, data, r * bytes);
    }
    return new Matrix(data, rows, columns, format);
  }

  /** The numbers that a matrix really holds. */
  private static float[] values(Matrix w) {
    float[] values = new float[w.rows() * w.columns()];
    for (int r = 0; r < w.rows(); r++) {
      w.row(r, values, r * w.columns());
    }
    return values;
  }

  private static Activations activations(Random random, int tokens, int columns) {
    Activations x = new Activations(tokens, columns);
    for (int i = 0; i < tokens * columns; i++) {
      x.values()[i] = (float) random.nextGaussian();
    }
    x.changed(tokens);
    return x;
  }

  private static float[] gaussian(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @ParameterizedTest
  @MethodSource("twins")
  void productsOfOneAFewAndManyTokensAreThoseOfTheNumbersItHolds(Kernels twin) {
    Random random = new Random(1);
    Matrix w = matrix(RowScaledInt8.FORMAT, gaussian(random, 70 * D), D);
    Matrix wide = matrix(F32.FORMAT, values(w), D);
    try (ParallelKernels kernels = new ParallelKernels(twin, 2)) {
      for (int tokens : new int[] {1, 5, 40}) {
        Activations x = activations(random, tokens, D);
        float[] expected = new float[tokens * w.rows()];
        float[] got = new float[tokens * w.rows()];
        kernels.multiply(x, wide, expected);
        kernels.multiply(x, w, got);
        assertArrayEquals(expected, got, 1e-4f);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("twins")
  void theSparseFeedForwardOfOneAndManyTokensIsThatOfTheNumbersItHolds(Kernels twin) {
    Random random = new Random(2);
    Matrix w = matrix(RowScaledInt8.FORMAT, gaussian(random, 3 * M * D), D);
    Matrix wide = matrix(F32.FORMAT, values(w), D);
    int[] list = IntStream.range(0, M).filter(j -> j % 3 != 1).toArray();
    Activations x = activations(random, 20, D);
    SparseFfn ffn = new SparseFfn(D, 2);
    try (ParallelKernels kernels = new ParallelKernels(twin, 2)) {
      for (boolean many : new boolean[] {false, true}) {
        float[][] y = new float[2][20 * D];
        for (int i = 0; i < 2; i++) {
          Matrix records = i == 0 ? wide : w;
          if (many) {
            ffn.clear();
            for (int t = 0; t < 20; t++) {
              ffn.lane(t, list, list.length, 0.5f);
            }
            ffn.many(kernels, records, x, y[i]);
          } else {
            ffn.one(kernels, records, list, list.length, null, x, 7, y[i]);
          }
        }
        assertArrayEquals(y[0], y[1], 2e-2f);
      }
    }
  }

  /** Who adds no kernel for several tokens gets steps that compute one after the other. */
  @ParameterizedTest
  @MethodSource("twins")
  void theTokensOfAStepHaveTheBitsOfEachAlone(Kernels twin) {
    Random random = new Random(5);
    Matrix w = matrix(RowScaledInt8.FORMAT, gaussian(random, 3 * M * D), D);
    int[] list = IntStream.range(0, M).filter(j -> j % 3 != 1).toArray();
    Activations x = activations(random, 5, D);
    float[][] products = new float[2][5 * w.rows()];
    float[][] y = new float[2][5 * D];
    SparseFfn ffn = new SparseFfn(D, 2);
    try (ParallelKernels kernels = new ParallelKernels(twin, 2)) {
      for (int t = 0; t < 5; t++) {
        twin.matvec(w, x.input(w.format(), kernels), t, products[0], t * w.rows(), 0, w.rows());
        ffn.one(kernels, w, list, list.length, null, x, t, y[0]);
        ffn.lane(t, list, list.length, 1);
      }
      x.step(true);
      kernels.multiply(x, w, products[1]);
      ffn.step(kernels, w, x, y[1]);
    }
    assertArrayEquals(products[0], products[1]);
    assertArrayEquals(y[0], y[1]);
  }

  private static Model open(Path path, Kernels twin, WeightFormats formats) {
    LoadOptions options = new LoadOptions(WeightType.AUTO, 2);
    return new ModelLoader(options, new KernelChoice(twin, "for comparison"), formats).open(path);
  }

  private static float[] logits(Model model, int[] tokens, int prompt) {
    ModelState state = model.newState(tokens.length);
    float[] last = model.forward(state, tokens, 0, prompt);
    for (int t = prompt; t < tokens.length; t++) {
      last = model.forward(state, tokens, t, 1);
    }
    return last.clone();
  }

  /** A sparse model whose weights are all in that format, beside one of the numbers it holds. */
  @ParameterizedTest
  @MethodSource("twins")
  void aFurtherNumberFormatIsOneClass(Kernels twin) throws IOException {
    Random random = new Random(3);
    boolean[][][] masks = RandomModel.masks(random, M, 0.5, 0.5, 0.5);
    RandomModel random8 = new RandomModel(random, D, M, 8, 2, false, masks);
    Path path = random8.write(folder.resolve("int8"), "runs");
    random8.weights.replaceAll((name, values) -> held(name, values));
    Path exact = random8.write(folder.resolve("exact"), "runs");
    int[] tokens = random.ints(30, 0, RandomModel.VOCABULARY).toArray();
    try (Model model = open(path, twin, (stored, columns) -> RowScaledInt8.FORMAT);
        Model wide = open(exact, twin, (stored, columns) -> F32.FORMAT)) {
      assertEquals("int8", model.weightType());
      assertArrayEquals(logits(wide, tokens, 20), logits(model, tokens, 20), 2e-3f);
      assertArrayEquals(logits(wide, tokens, 3), logits(model, tokens, 3), 2e-3f);
      assertEquals(
          wide.newState(1).expertLoad().activeFfnShare(),
          model.newState(1).expertLoad().activeFfnShare());
    }
  }

  /** What int8 makes of a tensor: by row, or by column where columns are stored as records. */
  private static float[] held(String name, float[] values) {
    if (name.endsWith("norm.weight")) {
      return values;
    }
    if (name.endsWith("router.weight")) { // beside weights of 8 bits it has 8 too
      return values(matrix(Int8.FORMAT, values, D));
    }
    if (!name.endsWith("down_proj.weight")) {
      return values(matrix(RowScaledInt8.FORMAT, values, D));
    }
    float[] columns = values(matrix(RowScaledInt8.FORMAT, transposed(values, M), D));
    return transposed(columns, D);
  }

  private static float[] transposed(float[] values, int columns) {
    int rows = values.length / columns;
    float[] out = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      out[i % columns * rows + i / columns] = values[i];
    }
    return out;
  }

  @Test
  void rowsThatDoNotFitItsBlocksAreRefusedWithWhatWouldFit() throws IOException {
    Random random = new Random(4);
    RandomModel model =
        new RandomModel(random, 36, M, 8, 1, false, RandomModel.masks(random, M, 0.5, 0.5));
    Path path = model.write(folder.resolve("odd"), "dense");
    UserError e =
        assertThrows(
            UserError.class,
            () -> open(path, new VectorKernels(), (stored, columns) -> RowScaledInt8.FORMAT));
    assertEquals(
        "int8 holds rows of whole blocks of 8 weights, not 36; 32 would fit", e.getMessage());
  }
}
