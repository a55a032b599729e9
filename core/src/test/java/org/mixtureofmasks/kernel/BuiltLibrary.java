package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;

/** The optional library, built from native/ for the tests where there is a compiler. */
final class BuiltLibrary {
  private static final int NO_COMPILER = 3;

  private BuiltLibrary() {}

  /** The file; a test that asks is skipped where it cannot be had, and says why. */
  static Path file() throws IOException, InterruptedException {
    assumeTrue(NativeCalls.obstacle() == null, String.valueOf(NativeCalls.obstacle()));
    Path root = Path.of("").toAbsolutePath().getParent();
    Path script = root.resolve("scripts/build_native.sh");
    Path file = root.resolve("native/target/libmom.so");
    if (Files.exists(file) && !modified(file, newest(root.resolve("native"), script))) {
      return file;
    }
    Process build =
        new ProcessBuilder(script.toString(), file.toString()).redirectErrorStream(true).start();
    String said = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = build.waitFor();
    assumeTrue(exit != NO_COMPILER, said);
    if (exit != 0) {
      throw new IllegalStateException("%s ends with %d: %s".formatted(script, exit, said));
    }
    return file;
  }

  private static boolean modified(Path file, FileTime newest) throws IOException {
    return Files.getLastModifiedTime(file).compareTo(newest) < 0;
  }

  private static FileTime newest(Path sources, Path script) throws IOException {
    FileTime newest = Files.getLastModifiedTime(script);
    List<Path> files;
    try (Stream<Path> all = Files.list(sources)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path source : files) {
      FileTime time = Files.getLastModifiedTime(source);
      newest = time.compareTo(newest) > 0 ? time : newest;
    }
    return newest;
  }
}
