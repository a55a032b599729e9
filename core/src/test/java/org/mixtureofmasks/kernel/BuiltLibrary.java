package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The optional library, built from native/ for the tests where there is a compiler. */
final class BuiltLibrary {
  private static final int NOT_HERE = 3;

  private BuiltLibrary() {}

  /** The file; a test that asks is skipped where it cannot be had, and says why. */
  static Path file() throws IOException, InterruptedException {
    assumeTrue(NativeCalls.obstacle() == null, NativeCalls.obstacle());
    Path root = Path.of("").toAbsolutePath().getParent();
    Path script = root.resolve("scripts/build_native.sh");
    Path file = root.resolve("native/target/libmom.so");
    Process build =
        new ProcessBuilder(script.toString(), file.toString()).redirectErrorStream(true).start();
    String said = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = build.waitFor();
    assumeTrue(exit != NOT_HERE, said);
    if (exit != 0) {
      throw new IllegalStateException("%s ends with %d: %s".formatted(script, exit, said));
    }
    return file;
  }
}
