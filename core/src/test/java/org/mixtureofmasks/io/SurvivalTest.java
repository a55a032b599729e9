package org.mixtureofmasks.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.SafetensorsFile;

/** Saves that are stopped from outside, in JVMs of their own. */
@Timeout(60)
class SurvivalTest {
  @TempDir Path folder;

  /** The kill comes at no particular instant; whichever it is, only whole files are visible. */
  @ParameterizedTest
  @ValueSource(ints = {0, 3, 11})
  void aKilledSaveLeavesOnlyWholeFiles(int millis) throws Exception {
    Process saver =
        new ProcessBuilder(Saver.command(folder, 100_000, 500_000))
            .redirectErrorStream(true)
            .start();
    try (BufferedReader lines = saver.inputReader()) {
      assertEquals("saved 1", lines.readLine());
      assertEquals("saved 2", lines.readLine());
      Thread.sleep(millis);
    } finally {
      saver.destroyForcibly().waitFor();
    }
    assertTrue(wholeSave(folder) >= 2);
    for (Path step : steps()) {
      assertEquals("step-%06d".formatted(wholeSave(step)), step.getFileName().toString());
    }
    AtomicFolder.deletePartials(folder);
    try (var left = Files.list(folder)) {
      assertEquals(steps().size() + 1, left.count(), "steps and model.safetensors, nothing else");
    }
  }

  /** A limit on the size of files makes writes fail as a full disk does. */
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aSaveThatRunsOutOfSpaceSaysSoAndKeepsThePreviousFile() throws Exception {
    assertEquals(0, run(Saver.command(folder, 1, 1000)).exit());
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.copy(folder.resolve("model.safetensors"), other.resolve("model.safetensors"));
    String limited = "ulimit -f 64; exec \"$0\" \"$@\""; // at most 64 kB, in blocks of 512 or 1024
    List<String> command = new java.util.ArrayList<>(List.of("sh", "-c", limited));
    command.addAll(Saver.command(other, 1, 100_000));
    Result failed = run(command);
    assertEquals(1, failed.exit(), failed.output());
    assertTrue(
        failed.output().startsWith("cannot write " + other.resolve("model.safetensors") + ": "),
        failed.output());
    assertEquals(1, wholeSave(other));
    try (var left = Files.list(other)) {
      assertEquals(List.of(other.resolve("model.safetensors")), left.toList());
    }
  }

  private record Result(int exit, String output) {}

  private static Result run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    return new Result(process.waitFor(), output);
  }

  /** The number of the save in a folder, after checking that every element is of that save. */
  private static int wholeSave(Path folder) {
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
      int save = Integer.parseInt(file.metadata().get("save"));
      for (float v : Elements.toFloats(file.tensor("t"))) {
        assertEquals(save, v);
      }
      return save;
    }
  }

  private List<Path> steps() throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.filter(p -> p.getFileName().toString().startsWith("step-")).sorted().toList();
    }
  }
}
