package org.mixtureofmasks.ledger;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class LedgerTest {
  @TempDir Path folder;

  private static Phase phase(String name, long weights, long activations, double seconds) {
    SequencedMap<String, Long> bytes = new LinkedHashMap<>();
    bytes.put("weights", weights);
    bytes.put("activations", activations);
    return new Phase(name, bytes, seconds);
  }

  private static final Ledger LEDGER =
      new Ledger(List.of(phase("load", 100, 0, 1), phase("train", 100, 250, 8)), 1000);

  @Test
  void memoryIsThatOfTheFullestPhaseAndTimeThatOfAll() {
    assertEquals(350, LEDGER.memoryBytes());
    assertEquals("train", LEDGER.fullest().name());
    assertEquals("activations", LEDGER.fullest().largest());
    assertEquals(9, LEDGER.seconds());
  }

  @Test
  void whatDoesNotFitIsRefusedWithPhaseNeedAndRemedy() {
    assertDoesNotThrow(() -> new Machine(350, 1000).require(LEDGER, "the run", "a", "b"));
    UserError memory =
        assertThrows(
            UserError.class,
            () -> new Machine(349, 1000).require(LEDGER, "the run", "set x to 2", "b"));
    assertEquals(
        "the run needs 0.00 GB of memory in its phase train, most of it for activations, and"
            + " 0.00 GB are available: set x to 2",
        memory.getMessage());
    UserError disk =
        assertThrows(
            UserError.class,
            () -> new Machine(350, 999).require(LEDGER, "the run", "a", "free some"));
    assertTrue(disk.getMessage().endsWith("are free there: free some"), disk.getMessage());
  }

  @Test
  void theJsonHasTotalsAndPhasesAndWhatWasMeasuredBesides() {
    ObjectNode json = LedgerJson.of(LEDGER);
    assertEquals(350, json.get("memory_bytes").asLong());
    assertEquals(1000, json.get("disk_bytes").asLong());
    assertEquals(250, json.at("/phases/1/bytes/activations").asLong());
    ObjectNode both = LedgerJson.compared(LEDGER, List.of(new Measured("train", 400, 10)), 420);
    assertEquals(420, both.at("/memory_bytes/measured").asLong());
    assertEquals(10, both.at("/seconds/measured").asDouble());
    assertEquals(350, both.at("/phases/0/memory_bytes/predicted").asLong());
  }

  @Test
  void aTimeThatNobodyKnowsIsNull() {
    Ledger unknown = new Ledger(List.of(phase("load", 1, 1, Double.NaN)), 0);
    assertTrue(LedgerJson.of(unknown).get("seconds").isNull());
  }

  @Test
  void aPhaseThatComesAgainIsAddedTo() {
    try (PhaseClock clock = new PhaseClock()) {
      clock.begin("train");
      clock.begin("save");
      clock.begin("train");
      clock.end();
      List<Measured> measured = clock.measured();
      assertEquals(List.of("train", "save"), measured.stream().map(Measured::name).toList());
      assertTrue(measured.getFirst().seconds() > 0);
    }
  }

  @Test
  void theKernelsLinesAreReadInKilobytes() throws IOException {
    Path status = folder.resolve("status");
    Files.writeString(status, "VmPeak:\t  300 kB\nVmHWM:\t  200 kB\n");
    assertEquals(OptionalLong.of(200 * 1024), ResidentMemory.field(status, "VmHWM:"));
    assertEquals(OptionalLong.empty(), ResidentMemory.field(status, "VmRSS:"));
    assertEquals(OptionalLong.empty(), ResidentMemory.field(folder.resolve("no"), "VmRSS:"));
  }
}
