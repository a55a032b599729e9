package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The optional library's kernels have the bits of Java's; one that cannot be used is named. */
class NativeKernelsTest {
  private static final int BITS = VectorKernels.vectorBits();

  @TempDir private Path folder;

  record Case(Format format, int columns) {
    @Override
    public String toString() {
      return "%s, %d columns".formatted(format.name(), columns);
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Format format : List.of(Bf16.FORMAT, Int8.FORMAT)) {
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
  void neuronsHaveTheBitsOfJava(Case c) throws Exception {
    NativeKernels library = kernels();
    Random random = new Random(c.columns);
    Matrix w = TestMatrices.random(random, c.format, 3 * 41, c.columns);
    Input x = TestMatrices.input(w, TestMatrices.random(random, 2 * c.columns), 2);
    int[] list = IntStream.range(0, 41).filter(_ -> random.nextInt(3) > 0).toArray();
    for (int count : new int[] {0, 1, 3, 4, 7, 16}) {
      float[] java = new float[Kernels.SCRATCH];
      float[] h = new float[Kernels.SCRATCH];
      c.format.gateUp(w, list, 2, count, list.length, x, 1, java);
      assertTrue(library.gateUp(w, list, 2, count, list.length, x, 1, h));
      assertArrayEquals(java, h, count + " gates and ups");
      float[] sum = TestMatrices.random(random, c.columns + 3);
      float[] same = sum.clone();
      c.format.addDown(w, list, 2, count, java, sum, 3);
      assertTrue(library.addDown(w, list, 2, count, java, same, 3));
      assertArrayEquals(sum, same, count + " downs");
    }
  }

  @Test
  void aFormatWithoutKernelsIsLeftToJava() throws Exception {
    NativeKernels library = kernels();
    Matrix w = TestMatrices.random(new Random(1), F16.FORMAT, 3, 32);
    Input x = new Input(new float[32], 32);
    assertFalse(library.matvec(w, x, 0, new float[3], 0, 0, 3));
    assertFalse(library.gateUp(w, new int[1], 0, 1, 1, x, 0, new float[Kernels.SCRATCH]));
    assertFalse(library.addDown(w, new int[1], 0, 1, new float[1], new float[32], 0));
  }

  @Test
  void whatLiesOutsideOfAnArrayIsRefused() throws Exception {
    NativeKernels library = kernels();
    Matrix w = TestMatrices.random(new Random(1), Q80.FORMAT, 6, 32);
    Input x = new Input(new float[32], 32);
    float[] h = new float[Kernels.SCRATCH];
    Class<IndexOutOfBoundsException> refused = IndexOutOfBoundsException.class;
    assertThrows(refused, () -> library.matvec(w, x, 0, new float[6], 0, 0, 7));
    assertThrows(refused, () -> library.matvec(w, x, 1, new float[6], 0, 0, 6));
    assertThrows(refused, () -> library.matvec(w, x, 0, new float[6], 1, 0, 6));
    assertThrows(refused, () -> library.gateUp(w, new int[] {2}, 0, 1, 1, x, 0, h));
    assertThrows(refused, () -> library.gateUp(w, new int[1], 0, 2, 2, x, 0, h));
    assertThrows(refused, () -> library.gateUp(w, new int[1], 0, 1, 1, x, 0, new float[16]));
    assertThrows(refused, () -> library.gateUp(w, new int[17], 0, 17, 17, x, 0, new float[64]));
    assertThrows(refused, () -> library.addDown(w, new int[] {-1}, 0, 1, h, new float[32], 0));
    assertThrows(refused, () -> library.addDown(w, new int[1], 0, 1, h, new float[31], 0));
  }

  @Test
  void withoutAWishThereIsNone() {
    NativeKernels.Link link = NativeKernels.link(null, BITS);
    assertNull(link.kernels());
    assertFalse(link.unusable());
    assertTrue(link.reason().contains("-Dmom.native names none"), link.reason());
    assertFalse(NativeKernels.link("off", BITS).unusable());
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    NativeKernels.Link link = NativeKernels.link(folder.resolve("no.so").toString(), BITS);
    assertTrue(link.unusable());
    assertTrue(link.reason().contains("no.so is not used: there is no such file"), link.reason());
  }

  @Test
  void aFileThatIsNoLibraryIsNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("text.so"), "text");
    NativeKernels.Link link = NativeKernels.link(file.toString(), BITS);
    assertTrue(link.unusable());
    assertTrue(link.reason().contains("it is no library of this program"), link.reason());
    assertFalse(link.reason().contains("\n"), link.reason());
  }

  @Test
  void vectorsThatTheLibraryHasNoKernelsForAreNamed() throws Exception {
    NativeKernels.Link link = NativeKernels.link(BuiltLibrary.file().toString(), 128);
    assertTrue(link.unusable());
    assertTrue(link.reason().contains("no kernels for vectors of 128 bits"), link.reason());
  }

  @Test
  void theChoiceOfKernelsNamesTheLibrary() throws Exception {
    kernels();
    String chosen = reason(file.toString());
    assertTrue(chosen.endsWith("native library " + file), chosen);
    String off = reason("off");
    assertTrue(off.endsWith("no native library: -Dmom.native=off"), off);
    String missing = reason("no.so");
    assertTrue(missing.endsWith("library no.so is not used: there is no such file"), missing);
  }

  private static String reason(String wish) {
    String before = System.setProperty(NativeKernels.PROPERTY, wish);
    try {
      return KernelChoice.choose("vector").reason();
    } finally {
      if (before == null) {
        System.clearProperty(NativeKernels.PROPERTY);
      } else {
        System.setProperty(NativeKernels.PROPERTY, before);
      }
    }
  }
}
