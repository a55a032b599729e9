package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The optional library's kernels have the bits of Java's. */
class NativeKernelsTest {
  private static final int BITS = VectorKernels.vectorBits();

  record Case(Format format, int columns) {
    @Override
    public String toString() {
      return "%s, %d columns".formatted(format.name(), columns);
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Format format : List.of(Bf16.FORMAT, Int8.FORMAT, F32.FORMAT)) {
      for (int columns : new int[] {1, 15, 16, 31, 33, 48, 65, 576, 577, 1536, 5632}) {
        cases.add(new Case(format, columns));
      }
    }
    for (Format format : List.of(Q4.FORMAT, Q80.FORMAT, Q40.FORMAT, Q41.FORMAT, Q50.FORMAT)) {
      for (int columns : new int[] {32, 96, 576, 2048, 5632}) {
        cases.add(new Case(format, columns));
      }
    }
    for (Format format : List.of(Q4K.FORMAT, Q5K.FORMAT, Q6K.FORMAT)) {
      for (int columns : new int[] {256, 1536, 2048, 5632}) {
        cases.add(new Case(format, columns));
      }
    }
    return cases;
  }

  /** Those whose rows can be added up in parts. */
  static List<Case> inParts() {
    List<Case> cases =
        new ArrayList<>(
            cases().stream()
                .filter(c -> !(c.format instanceof BlockFormat || c.format == Q4.FORMAT))
                .toList());
    for (int columns : new int[] {64, 192, 3072, 11264}) {
      cases.add(new Case(PreviewWeights.FORMAT, columns));
    }
    return cases;
  }

  private static Path file;

  /** Asked for by the tests that need it, once for all of them. */
  private static NativeKernels kernels() throws Exception {
    assumeTrue(BITS >= 256, "the library has no kernels for vectors of %d bits".formatted(BITS));
    file = file == null ? BuiltLibrary.file() : file;
    NativeKernels.Link link = NativeKernels.link(file.toString(), BITS);
    return Objects.requireNonNull(link.kernels(), link.reason());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void productsOfRowsHaveTheBitsOfJava(Case c) throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(c.columns);
    int rows = c.columns > 1000 ? 39 : 150;
    Matrix w = TestMatrices.random(random, c.format, rows, c.columns);
    Input x = TestMatrices.input(w, TestMatrices.random(random, 3 * c.columns), 3);
    for (int from : new int[] {0, 1, 6}) {
      for (int to : new int[] {from, from + 3, from + 5, rows}) {
        float[] java = new float[rows + 7];
        float[] same = new float[rows + 7];
        c.format.matvec(w, x, 2, java, 5, from, to);
        assertTrue(library.matvec(w, x, 2, same, 5, from, to));
        assertArrayEquals(java, same, "rows from %d to %d".formatted(from, to));
      }
    }
  }

  /** More bytes than one call reads. */
  @Test
  void productsOfManyRowsHaveTheBitsOfJava() throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(1);
    Matrix w = TestMatrices.random(random, Bf16.FORMAT, 2501, 577);
    Input x = TestMatrices.input(w, TestMatrices.random(random, 577), 1);
    float[] java = new float[2501];
    float[] c = new float[2501];
    w.format().matvec(w, x, 0, java, 0, 0, 2501);
    assertTrue(library.matvec(w, x, 0, c, 0, 0, 2501));
    assertArrayEquals(java, c);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void widenedRowsHaveTheBitsOfJava(Case c) throws Exception {
    NativeKernels library = kernels();
    Matrix w = TestMatrices.random(new Random(c.columns), c.format, 11, c.columns);
    float[] java = new float[9 * c.columns + 1];
    float[] same = java.clone();
    c.format.widen(w, 2, 11, java);
    assertTrue(library.widen(w, 2, 11, same));
    assertArrayEquals(java, same);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 15, 16, 64, 577, 4096})
  void productsOfAFewTokensHaveTheBitsOfJava(int columns) throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(columns);
    float[] w = TestMatrices.random(random, 35 * columns);
    float[] x = TestMatrices.random(random, 11 * columns);
    for (int rows : new int[] {1, 4, 35}) {
      for (int tokens : new int[] {1, 2, 3, 4, 7, 11}) {
        float[] java = new float[3 + 41 * tokens];
        float[] same = java.clone();
        new VectorKernels().matmul(w, rows, columns, x, tokens, java, 41, 3);
        library.matmul(w, rows, columns, x, tokens, same, 41, 3);
        assertArrayEquals(java, same, "%d rows, %d tokens".formatted(rows, tokens));
      }
    }
  }

  /** Whether the library reads a part of a row: of a preview whole units only. */
  private static boolean reads(Case c, int first, int end, int unit) {
    return c.format != PreviewWeights.FORMAT || first % unit == 0 && end % unit == 0;
  }

  @ParameterizedTest
  @MethodSource("inParts")
  void sumsOfPartsOfRowsHaveTheBitsOfJava(Case c) throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(c.columns);
    Matrix w = TestMatrices.random(random, c.format, 61, c.columns);
    int[] list = IntStream.range(0, 61).filter(_ -> random.nextInt(4) > 0).toArray();
    float[] factors = factors(c, random, list.length);
    for (int count : new int[] {0, 1, 4, 7, list.length - 2}) {
      for (int first : new int[] {0, c.columns / 3, c.columns - 1}) {
        for (int end : new int[] {first, (first + c.columns) / 2, c.columns}) {
          float[] java = factors(c, random, c.columns + 3);
          float[] same = java.clone();
          c.format.addRows(w, list, 2, 2 + count, factors, java, 3, first, end);
          boolean read = reads(c, first, end, PreviewWeights.BLOCK);
          assertEquals(read, library.addRows(w, list, 2, 2 + count, factors, same, 3, first, end));
          assertArrayEquals(
              read ? java : same, same, "%d rows, %d to %d".formatted(count, first, end));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"64, 40, 20", "192, 0, 61", "768, 100, 0", "5632, 70, 65", "64, 0, 0"})
  void sumsOfPreviewsHaveTheBitsOfJava(int neurons, int whole, int coarse) throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(neurons);
    Case c = new Case(PreviewWeights.FORMAT, 2 * neurons);
    Matrix w = TestMatrices.random(random, c.format, 240, c.columns);
    int[] list = IntStream.range(0, 2 * whole + coarse).map(_ -> random.nextInt(240)).toArray();
    float[] factors = factors(c, random, 2 * list.length + 6);
    for (int from : new int[] {0, neurons / 128 * 64}) {
      float[] java = TestMatrices.random(random, 6 * (neurons - from) + 2);
      float[] same = java.clone();
      new ScalarKernels().preview(w, list, whole, list.length, factors, java, from, neurons);
      assertTrue(library.preview(w, list, whole, list.length, factors, same, from, neurons));
      assertArrayEquals(java, same);
      NativeKernels.Link narrow = NativeKernels.link(file.toString(), 256);
      NativeKernels half = Objects.requireNonNull(narrow.kernels(), narrow.reason());
      Arrays.fill(same, 0, 6 * (neurons - from), 1);
      assertTrue(half.preview(w, list, whole, list.length, factors, same, from, neurons));
      assertArrayEquals(java, same, "sums are exact in every width");
    }
    assertFalse(library.preview(w, list, whole, list.length, factors, new float[999], 1, 65));
    Matrix other = TestMatrices.random(random, Bf16.FORMAT, 240, 128);
    assertFalse(library.preview(other, list, whole, list.length, factors, new float[999], 0, 64));
    Matrix odd = TestMatrices.random(random, PreviewWeights.FORMAT, 240, 192);
    assertFalse(library.preview(odd, list, whole, list.length, factors, new float[999], 0, 64));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> library.preview(w, list, whole, list.length, factors, new float[383], 0, neurons));
  }

  /** Any numbers; of a preview whole ones, and the largest and least among them. */
  private static float[] factors(Case c, Random random, int n) {
    float[] factors = TestMatrices.random(random, n);
    for (int i = 0; i < n && c.format == PreviewWeights.FORMAT; i++) {
      factors[i] =
          i % 9 == 0 ? 127 : i % 9 == 1 ? -127 : Math.clamp(Math.round(50 * factors[i]), -127, 127);
    }
    return factors;
  }

  @ParameterizedTest
  @MethodSource("inParts")
  void widenedPartsOfRowsHaveTheBitsOfJava(Case c) throws Exception {
    NativeKernels library = kernels();
    Matrix w = TestMatrices.random(new Random(c.columns), c.format, 41, c.columns);
    for (int first : new int[] {0, c.columns / 3}) {
      for (int end : new int[] {first, Math.min(first + 32, c.columns), c.columns}) {
        int stride = end - first + 3;
        float[] java = TestMatrices.random(new Random(1), 40 * stride);
        float[] same = java.clone();
        c.format.widenColumns(w, 1, 41, first, end, java, stride);
        boolean read = reads(c, first, end, BITS / Float.SIZE);
        assertEquals(read, library.widenColumns(w, 1, 41, first, end, same, stride));
        assertArrayEquals(read ? java : same, same, "%d to %d".formatted(first, end));
      }
    }
  }

  @Test
  void sumsBeyondTheMatrixOrTheListAreRefused() throws Exception {
    NativeKernels library = kernels();
    Matrix w = TestMatrices.random(new Random(1), F32.FORMAT, 3, 8);
    float[] y = new float[8];
    float[] factors = new float[2];
    for (int[] part : new int[][] {{0, 9}, {-1, 3}, {5, 4}}) {
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> library.addRows(w, new int[] {0, 1}, 0, 2, factors, y, 0, part[0], part[1]));
    }
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> library.addRows(w, new int[] {0, 3}, 0, 2, factors, y, 0, 0, 8));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> library.addRows(w, new int[] {0, 1, 2}, 0, 3, factors, y, 0, 0, 8));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> library.addRows(w, new int[] {0, 1}, 0, 2, factors, y, 1, 0, 8));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void neuronsHaveTheBitsOfJava(Case c) throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(c.columns);
    Matrix w = TestMatrices.random(random, c.format, 3 * 70, c.columns);
    Input x = TestMatrices.input(w, TestMatrices.random(random, 2 * c.columns), 2);
    int[] list = IntStream.range(0, 70).filter(_ -> random.nextInt(4) > 0).toArray();
    float[] scales = TestMatrices.random(random, list.length);
    for (int count : new int[] {0, 1, 4, 7, 16, 35}) {
      for (float[] factors : new float[][] {null, scales}) {
        float[] java = TestMatrices.random(random, c.columns + 3);
        float[] same = java.clone();
        float[] scratch = new float[Kernels.SCRATCH];
        new VectorKernels().neurons(w, list, 2, 2 + count, factors, x, 1, java, 3, scratch);
        assertTrue(library.neurons(w, list, 2, 2 + count, factors, x, 1, same, 3));
        assertArrayEquals(java, same, count + " neurons");
      }
    }
  }

  /** Rows [1, rows) times some tokens, with and without the library. */
  private static void productsOfAStep(Matrix w, int... counts) throws Exception {
    NativeKernels library = kernels();
    int n = w.columns();
    int stride = w.rows() + 2;
    for (int tokens : counts) {
      float[] values = TestMatrices.random(new Random(n), tokens * n);
      Input x = TestMatrices.input(w, values, tokens);
      float[] java = new float[tokens * stride];
      float[] got = java.clone();
      w.format().products(w, x, tokens, java, stride, 2, 1, w.rows());
      w.format().products(library, w, x, tokens, got, stride, 2, 1, w.rows());
      assertArrayEquals(java, got, tokens + " tokens");
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void productsOfAStepHaveTheBitsOfJava(Case c) throws Exception {
    Matrix w = TestMatrices.random(new Random(c.columns), c.format, 24, c.columns);
    productsOfAStep(w, 1, 2, 3, 7, 16, 21);
  }

  /** More products than one call computes. */
  @Test
  void productsOfAStepOfManyRowsHaveTheBitsOfJava() throws Exception {
    productsOfAStep(TestMatrices.random(new Random(2), Int8.FORMAT, 83, 5632), 18);
  }

  /** Formats that the library cannot widen: it multiplies what Java has widened. */
  @ParameterizedTest
  @ValueSource(ints = {32, 576, 1088, 2048})
  void productsOfAStepOfOtherFormatsHaveTheBitsOfJava(int columns) throws Exception {
    for (Format format : List.of(F16.FORMAT, Q51.FORMAT)) {
      assertFalse(kernels().has(format), format.name());
      productsOfAStep(TestMatrices.random(new Random(3), format, 30, columns), 7, 8, 19);
    }
  }

  /** Else Java would compute in the library's place, and nothing but the time would tell. */
  @ParameterizedTest
  @MethodSource("cases")
  void theLibraryComputesAStepWhosePairsOfVectorsCoverARow(Case c) throws Exception {
    Matrix w = TestMatrices.random(new Random(4), c.format, 5, c.columns);
    Input x = TestMatrices.input(w, new float[2 * c.columns], 2);
    RowSum order = Objects.requireNonNull(c.format.rowSum(c.columns));
    boolean whole = c.columns % (2 * BITS / Float.SIZE) == 0;
    assertEquals(whole, StepKernels.products(kernels(), w, order, x, 2, new float[10], 5, 0, 0, 5));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 64, 577})
  void productsOfATileHaveTheBitsOfJava(int columns) throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(columns);
    VectorKernels java = new VectorKernels();
    int tileTokens = java.tileTokens();
    float[] w = TestMatrices.random(random, 39 * columns);
    float[] tile = TestMatrices.random(random, 5 + columns * tileTokens);
    for (int rows : new int[] {1, 2, 5, 12, 39}) {
      for (int tokens : new int[] {1, tileTokens / 2, tileTokens / 2 + 1, tileTokens}) {
        float[] expected = new float[3 + 41 * tokens];
        float[] got = expected.clone();
        java.matmulOfTile(w, rows, columns, tile, 5, tokens, expected, 41, 3);
        library.matmulOfTile(w, rows, columns, tile, 5, tokens, got, 41, 3);
        assertArrayEquals(expected, got, "%d rows, %d tokens".formatted(rows, tokens));
      }
    }
  }

  /** Gates of any size and sign, and none that is a number. */
  @Test
  void theActivationHasTheBitsOfJava() throws Exception {
    NativeKernels library = kernels();
    float[] gates = {0, -0f, 1e-30f, 1, -1, 5, -20, 80, -86, -88, 89, -200, 3e38f, -3e38f, 1 / 0f};
    Matrix w = TestMatrices.random(new Random(1), Int8.FORMAT, 3 * gates.length, 1);
    for (int j = 0; j < gates.length; j++) {
      Int8.FORMAT.put(new byte[] {1}, gates[j], w.data(), 15L * j);
      Int8.FORMAT.put(new byte[] {1}, 1, w.data(), 15L * j + 5);
    }
    int[] list = IntStream.range(0, gates.length).toArray();
    for (float value : new float[] {1, -1, 0.1f, Float.NaN}) {
      Input x = new Input(new float[] {value}, 1);
      for (int j = 0; j < gates.length; j++) {
        float[] java = new float[1];
        float[] same = new float[1];
        float[] scratch = new float[Kernels.SCRATCH];
        new VectorKernels().neurons(w, list, j, j + 1, null, x, 0, java, 0, scratch);
        assertTrue(library.neurons(w, list, j, j + 1, null, x, 0, same, 0));
        assertArrayEquals(java, same, "a gate of " + value * gates[j]);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 12, 577})
  void neuronsOfATileHaveTheBitsOfJava(int columns) throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(columns);
    VectorKernels java = new VectorKernels();
    int tileTokens = java.tileTokens();
    for (int tokens : new int[] {tileTokens / 2, tileTokens}) {
      for (int count : new int[] {0, 1, 3, 7, 23, 90}) {
        for (int apart : new int[] {0, tokens}) {
          for (int rarity : new int[] {1, 2, 20}) { // in halves and as a whole
            BlockLanes lanes = blockLanes(random, count, tokens, apart, rarity);
            float[] records = TestMatrices.random(random, 3 * count * columns);
            float[] tile = TestMatrices.random(random, columns * tokens);
            float[] expected = TestMatrices.random(random, 2 + columns * tokens);
            float[] got = expected.clone();
            TileScratch scratch = new TileScratch(count, tileTokens);
            java.neuronsOfTile(records, columns, lanes, tile, 0, expected, 2, scratch);
            library.neuronsOfTile(records, columns, lanes, tile, 0, got, 2);
            String what = "%d neurons, %d tokens, each by 1 of %d";
            assertArrayEquals(expected, got, what.formatted(count, tokens, rarity));
          }
        }
      }
    }
  }

  /** Lanes of which one in {@code rarity} holds a neuron. */
  private static BlockLanes blockLanes(
      Random random, int count, int tokens, int apart, int rarity) {
    BlockLanes lanes = new BlockLanes(90, tokens);
    lanes.count = count;
    lanes.width = tokens;
    lanes.apart = apart;
    for (int k = 0; k < count; k++) {
      for (int t = 0; t < tokens; t++) {
        lanes.held[k] |= random.nextInt(rarity) == 0 ? 1 << t : 0;
      }
    }
    float[] factors = TestMatrices.random(random, count * tokens);
    System.arraycopy(factors, 0, lanes.factors, 0, factors.length);
    return lanes;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void neuronsOfAStepHaveTheBitsOfOneToken(Case c) throws Exception {
    kernels();
    VectorKernels kernels =
        new VectorKernels(NativeKernels.link(BuiltLibrary.file().toString(), BITS));
    Random random = new Random(c.columns);
    int stored = 131;
    Matrix w = TestMatrices.random(random, c.format, 3 * stored, c.columns);
    Input x = TestMatrices.input(w, TestMatrices.random(random, 3 * c.columns), 3);
    int[] list = IntStream.range(0, stored).filter(_ -> random.nextInt(5) > 0).toArray();
    int[] tokens = {2, 0};
    int[] yAt = {5, 5 + c.columns};
    float[][] scales = {TestMatrices.random(random, stored), null};
    float[][] scratch = new float[2][Kernels.SCRATCH];
    float[] together = new float[5 + 2 * c.columns];
    float[] alone = new float[5 + 2 * c.columns];
    kernels.neuronsOfTokens(w, list, 3, list.length, scales, x, tokens, together, yAt, scratch);
    for (int t = 0; t < 2; t++) {
      new VectorKernels()
          .neurons(w, list, 3, list.length, scales[t], x, tokens[t], alone, yAt[t], scratch[0]);
    }
    assertArrayEquals(alone, together);
  }

  /** More bytes than one call reads. */
  @Test
  void manyNeuronsHaveTheBitsOfJava() throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(1);
    Matrix w = TestMatrices.random(random, Bf16.FORMAT, 3 * 501, 577);
    Input x = TestMatrices.input(w, TestMatrices.random(random, 577), 1);
    int[] list = IntStream.range(0, 501).toArray();
    float[] java = new float[577];
    float[] same = new float[577];
    float[] scratch = new float[Kernels.SCRATCH];
    new VectorKernels().neurons(w, list, 0, 501, null, x, 0, java, 0, scratch);
    assertTrue(library.neurons(w, list, 0, 501, null, x, 0, same, 0));
    assertArrayEquals(java, same);
  }

  @Test
  void aFormatWithoutKernelsIsLeftToJava() throws Exception {
    NativeKernels library = kernels();
    Matrix w = TestMatrices.random(new Random(1), F16.FORMAT, 3, 32);
    Input x = new Input(new float[32], 32);
    assertFalse(library.matvec(w, x, 0, new float[3], 0, 0, 3));
    assertFalse(library.neurons(w, new int[1], 0, 1, null, x, 0, new float[32], 0));
    assertFalse(library.addRows(w, new int[1], 0, 1, new float[1], new float[32], 0, 0, 32));
    assertFalse(library.widenColumns(w, 0, 3, 0, 32, new float[96], 32));
    Matrix q4 = TestMatrices.random(new Random(1), Q4.FORMAT, 3, 32);
    assertFalse(library.addRows(q4, new int[1], 0, 1, new float[1], new float[32], 0, 0, 32));
    Matrix preview = TestMatrices.random(new Random(1), PreviewWeights.FORMAT, 3, 64);
    assertFalse(library.matvec(preview, x, 0, new float[3], 0, 0, 3), "it is read in parts only");
  }

  @Test
  void whatLiesOutsideOfAnArrayIsRefused() throws Exception {
    NativeKernels library = kernels();
    Matrix w = TestMatrices.random(new Random(1), Q80.FORMAT, 6, 32);
    Input x = new Input(new float[32], 32);
    Class<IndexOutOfBoundsException> refused = IndexOutOfBoundsException.class;
    assertThrows(refused, () -> library.matvec(w, x, 0, new float[6], 0, 0, 7));
    assertThrows(refused, () -> library.matvec(w, x, 1, new float[6], 0, 0, 6));
    assertThrows(refused, () -> library.matvec(w, x, 0, new float[6], 1, 0, 6));
    float[] y = new float[32];
    assertThrows(refused, () -> library.neurons(w, new int[] {2}, 0, 1, null, x, 0, y, 0));
    assertThrows(refused, () -> library.neurons(w, new int[] {-1}, 0, 1, null, x, 0, y, 0));
    assertThrows(refused, () -> library.neurons(w, new int[1], 0, 2, null, x, 0, y, 0));
    assertThrows(refused, () -> library.neurons(w, new int[1], 0, 1, new float[0], x, 0, y, 0));
    assertThrows(refused, () -> library.neurons(w, new int[1], 0, 1, null, x, 1, y, 0));
    assertThrows(refused, () -> library.neurons(w, new int[1], 0, 1, null, x, 0, y, 1));
    RowSum order = Objects.requireNonNull(w.format().rowSum(32));
    Input two = new Input(new float[64], 32);
    assertThrows(
        refused, () -> StepKernels.products(library, w, order, x, 2, new float[12], 6, 0, 0, 6));
    assertThrows(
        refused, () -> StepKernels.products(library, w, order, two, 2, new float[14], 7, 0, 0, 7));
    assertThrows(
        refused, () -> StepKernels.products(library, w, order, two, 2, new float[12], 6, 1, 0, 6));
  }
}
