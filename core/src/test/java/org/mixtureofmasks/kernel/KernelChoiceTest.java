package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.UserError;

/** Which kernels are chosen and what is said; JVMs without something are started as children. */
class KernelChoiceTest {
  @Test
  void anUnknownWishIsRefusedWithTheKnownOnes() {
    UserError e = assertThrows(UserError.class, () -> KernelChoice.choose("fast"));
    assertEquals("-Dmom.kernel=fast: use vector or scalar", e.getMessage());
    assertEquals(UserError.USAGE, e.exitCode());
  }

  @Test
  void scalarIsHadForTheAsking() {
    KernelChoice choice = KernelChoice.choose("scalar");
    assertFalse(choice.vector());
    assertEquals("asked for by -Dmom.kernel=scalar", choice.reason());
  }

  @Test
  void withoutTheModuleTheFlagThatMendsItIsNamed() throws Exception {
    String said = child(List.of(), "choose");
    assertTrue(said.contains("scalar | the Vector API is not loaded"), said);
    assertTrue(said.contains("--add-modules jdk.incubator.vector"), said);
  }

  @Test
  void withoutTheOptimisingCompilerScalarIsChosenAndAnnounced() throws Exception {
    String said =
        child(
            List.of("--add-modules", "jdk.incubator.vector", "-XX:TieredStopAtLevel=1"), "choose");
    assertTrue(said.contains("scalar | this JVM runs without its optimising compiler"), said);
    assertTrue(said.contains("WARN"), said);
  }

  @Test
  void insistingOnVectorsWithoutThemFails() throws Exception {
    String said = child(List.of("-Dmom.kernel=vector"), "choose");
    assertTrue(said.contains("-Dmom.kernel=vector cannot be had: the Vector API"), said);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 32})
  void narrowVectorsGiveTheSameProducts(int bytes) throws Exception {
    String said =
        child(
            List.of("--add-modules", "jdk.incubator.vector", "-XX:MaxVectorSize=" + bytes),
            "products");
    assertTrue(said.contains("vector, " + 8 * bytes + " bits: agrees"), said);
  }

  @Test
  void shorterVectorsThanTheLongestAreAnnounced() {
    assertTrue(KernelChoice.narrow(128).contains("128 bits and not 512"));
    assertTrue(KernelChoice.narrow(256).contains("256 bits and not 512"));
    assertTrue(KernelChoice.narrow(512).isEmpty());
  }

  private static String child(List<String> flags, String task)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    // The probe speaks through the log, at a level that the command line's configuration hides.
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=info");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(KernelProbe.class.getName(), task));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }
}
