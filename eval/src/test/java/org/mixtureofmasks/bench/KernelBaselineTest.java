package org.mixtureofmasks.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelBaselineTest {
  private static final KernelBaseline COMMITTED =
      new KernelBaseline(Map.of("fast; 2 threads", Map.of("a", 1.0, "b", 0.5, "gone", 2.0)));

  @Test
  void aKernelBelowFourFifthsOfItsCommittedRatioIsNamed() {
    assertEquals(
        Optional.of(List.of(new KernelBaseline.Slower("b", 0.39, 0.5))),
        COMMITTED.slower("fast; 2 threads", Map.of("a", 0.8, "b", 0.39)));
  }

  @Test
  void aRatioThatIsNoNumberIsNamed() {
    assertEquals(
        1, COMMITTED.slower("fast; 2 threads", Map.of("a", Double.NaN)).orElseThrow().size());
  }

  @Test
  void aKernelThatIsNewIsNotCompared() {
    assertEquals(Optional.of(List.of()), COMMITTED.slower("fast; 2 threads", Map.of("new", 0.001)));
  }

  @Test
  void aMachineThatTheFileDoesNotKnowIsNotJudged() {
    assertEquals(Optional.empty(), COMMITTED.slower("fast; 1 thread", Map.of("a", 0.001)));
  }

  @Test
  void whatWasNotMeasuredStaysInTheFile(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("kernels.json");
    assertEquals(Map.of(), KernelBaseline.read(file).machines());
    COMMITTED
        .with("fast; 2 threads", Map.of("a", 1.23456))
        .with("other", Map.of("a", 3.0))
        .write(file);
    assertEquals(
        Map.of(
            "fast; 2 threads",
            Map.of("a", 1.235, "b", 0.5, "gone", 2.0),
            "other",
            Map.of("a", 3.0)),
        KernelBaseline.read(file).machines());
    assertEquals('\n', Files.readString(file).charAt((int) Files.size(file) - 1));
  }
}
