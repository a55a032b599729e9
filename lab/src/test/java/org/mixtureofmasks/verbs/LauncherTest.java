package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.kernel.KernelChoice;

/** How ./mom and ./verify find a JDK, and what they ask of it. */
class LauncherTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  @TempDir Path folder;

  private record Ended(int exitCode, String out, String err) {}

  @Test
  void withoutAJdk25BothCommandsSayHowToGetOneAndEnd() throws Exception {
    for (String command : new String[] {"mom", "verify"}) {
      Ended ended = run(ROOT.resolve(command), Map.of("JAVA_HOME", "", "MOM_JDK_PATH", ""));
      assertEquals(1, ended.exitCode, command);
      assertEquals("", ended.out);
      assertTrue(ended.err.startsWith("mom: no JDK 25 or newer found: install one"), ended.err);
      assertEquals(1, ended.err.lines().count(), ended.err);
    }
  }

  @Test
  void anOlderJdkInJavaHomeIsPassedOver() throws Exception {
    Path old = jdk("17.0.15");
    Path fitting = jdk("25.0.3");
    Ended ended =
        run(
            ROOT.resolve("scripts/jdk25"),
            Map.of("JAVA_HOME", old.toString(), "MOM_JDK_PATH", old + " " + fitting));
    assertEquals(fitting.toString(), ended.out.strip());
  }

  /**
   * Without the command locale, which would know better, only what the environment lacks counts.
   */
  @Test
  void whereTheLocaleIsAsciiOneOfUtf8IsNamed() throws Exception {
    Path script = ROOT.resolve("scripts/utf8-locale");
    assertEquals("C.UTF-8", run(script, Map.of()).out.strip());
    Path locale = folder.resolve("bin/locale");
    for (String[] known : new String[][] {{"UTF-8", ""}, {"ISO-8859-1", ""}}) {
      Files.writeString(locale, "#!/bin/sh\necho " + known[0] + "\n");
      assertTrue(locale.toFile().setExecutable(true));
      assertEquals(known[1], run(script, Map.of()).out.strip());
    }
    Files.writeString(
        locale, "#!/bin/sh\n[ \"$LC_ALL\" = C.utf8 ] && echo UTF-8 || echo ANSI_X3.4-1968\n");
    assertEquals("C.utf8", run(script, Map.of("LC_ALL", "")).out.strip());
  }

  @Test
  void theNewestOfSeveralIsTaken() throws Exception {
    Path first = jdk("25");
    Path newest = jdk("27.0.1");
    Ended ended =
        run(
            ROOT.resolve("scripts/jdk25"),
            Map.of("JAVA_HOME", "", "MOM_JDK_PATH", newest + " " + first));
    assertEquals(newest.toString(), ended.out.strip());
  }

  @Test
  void theVectorApiComesWithoutJavasNoticeOfIncubatorModules() throws Exception {
    Path java = Path.of(System.getProperty("java.home"));
    Process script =
        start(
            List.of("/bin/sh", ROOT.resolve("scripts/vector_api").toString(), folder.toString()),
            Map.of("JAVA_HOME", java.toString()));
    String arguments = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, script.waitFor());
    Process process =
        start(
            List.of(
                java.resolve("bin/java").toString(),
                "@" + arguments.strip(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName()),
            Map.of());
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor());
    assertEquals("", Files.readString(folder.resolve("err")));
    assertTrue(out.startsWith("vector"), out);
  }

  /** Says which kernels a JVM chooses. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) {
      System.out.println(KernelChoice.get().kernels().name());
    }
  }

  private Process start(List<String> command, Map<String, String> environment) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(folder.resolve("err").toFile());
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** A folder that looks like a JDK of this version. */
  private Path jdk(String version) throws Exception {
    Path home = folder.resolve("jdk-" + version);
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    Path javac = Files.writeString(home.resolve("bin/javac"), "#!/bin/sh\n");
    assertTrue(javac.toFile().setExecutable(true));
    return home;
  }

  /** Runs a script on a PATH that has the usual tools but no java. */
  private Ended run(Path script, Map<String, String> environment) throws Exception {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    for (String tool : new String[] {"sed", "dirname", "readlink", "find"}) {
      Path real = Path.of("/usr/bin/" + tool);
      String target = Files.exists(real) ? real.toString() : "/bin/" + tool;
      Path wrapper =
          Files.writeString(bin.resolve(tool), "#!/bin/sh\nexec " + target + " \"$@\"\n");
      assertTrue(wrapper.toFile().setExecutable(true));
    }
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder("/bin/sh", script.toString()).redirectError(err.toFile());
    builder.environment().put("PATH", bin.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), out, Files.readString(err));
  }
}
