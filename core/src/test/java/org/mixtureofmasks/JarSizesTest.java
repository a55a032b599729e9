package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** What a program pays in its size for embedding core. */
class JarSizesTest {
  /** Bytes. */
  private static final long LIMIT = 15_000_000;

  @Test
  void coreWithItsLibrariesStaysBelowFifteenMegabytesWithoutNativeCode() throws IOException {
    List<Path> jars =
        ModuleGraph.of(
                "jackson-databind",
                "jackson-core",
                "jackson-annotations",
                "slf4j-api",
                "tokenizers",
                "jspecify")
            .modulePath();
    long libraries = jars.stream().mapToLong(JarSizesTest::withoutNativeCode).sum();
    long own = bytes(Path.of("target", "classes"));
    assertTrue(own > 0 && libraries > 0, jars::toString);
    assertTrue(
        own + libraries < LIMIT,
        () -> "%d bytes of classes and %d of libraries".formatted(own, libraries));
  }

  /** Compressed bytes of all entries but those of the tokenizers library's builds. */
  private static long withoutNativeCode(Path jar) {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      return zip.stream()
          .filter(entry -> !entry.getName().startsWith("native/"))
          .mapToLong(ZipEntry::getCompressedSize)
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long bytes(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }
}
