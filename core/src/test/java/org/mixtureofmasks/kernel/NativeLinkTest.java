package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which library is used, and why one is not. */
class NativeLinkTest {
  private static final int BITS = VectorKernels.vectorBits();

  @TempDir private Path folder;

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
  void aLibraryOfAnotherVersionIsNamedWithTheRemedy() throws Exception {
    BuiltLibrary.file(); // where there is a compiler
    Path source = Files.writeString(folder.resolve("old.c"), "int mom_version(void) {return 0;}");
    Path old = folder.resolve("old.so");
    List<String> command = List.of("sh", "-c", "${CC:-gcc} -shared -fPIC -o " + old + " " + source);
    assumeTrue(new ProcessBuilder(command).start().waitFor() == 0, "neither gcc nor $CC");
    NativeKernels.Link link = NativeKernels.link(old.toString(), BITS);
    assertTrue(link.unusable());
    assertTrue(link.reason().contains("it is of version 0, this program wants "), link.reason());
    assertTrue(link.reason().contains("scripts/build_native.sh"), link.reason());
  }

  @Test
  void vectorsThatTheLibraryHasNoKernelsForAreNamed() throws Exception {
    NativeKernels.Link link = NativeKernels.link(BuiltLibrary.file().toString(), 128);
    assertTrue(link.unusable());
    assertTrue(link.reason().contains("no kernels for vectors of 128 bits"), link.reason());
  }

  @Test
  void theChoiceOfKernelsNamesTheLibrary() throws Exception {
    assumeTrue(BITS >= 256, "the library has no kernels for vectors of %d bits".formatted(BITS));
    Path library = BuiltLibrary.file();
    String chosen = reason(library.toString());
    assertTrue(chosen.endsWith("native library " + library), chosen);
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
