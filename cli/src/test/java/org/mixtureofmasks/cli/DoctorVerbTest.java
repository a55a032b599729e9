package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.kernel.HugePages;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.Prefetch;
import org.mixtureofmasks.ledger.ControlGroup;

class DoctorVerbTest {
  @Test
  void itNamesTheKernelsAndWhy() throws IOException {
    JsonNode json = mom("doctor", "--json").json();
    assertEquals(KernelChoice.get().kernels().name(), json.get("kernel").asText());
    assertEquals(KernelChoice.get().reason(), json.get("kernel_reason").asText());
    assertEquals(Runtime.getRuntime().availableProcessors(), json.get("cores").asInt());
    assertTrue(json.get("memory_bytes").asLong() > 1L << 28);
    assertTrue(json.get("stream_gigabytes_per_second").get("1").asDouble() > 0);
    assertTrue(
        json.get("jdk").asText().startsWith(String.valueOf(Runtime.version().feature())),
        json.get("jdk").asText());
  }

  @Test
  void itTellsOfAllThatMakesModelsSlowOrImpossible() throws IOException {
    CliRun run = mom("doctor", "--json");
    JsonNode json = run.json();
    assertEquals(Prefetch.description(), json.get("prefetch").asText());
    assertEquals(HugePages.obstacle(), json.get("huge_pages_obstacle").textValue());
    assertFalse(json.get("native_library").asBoolean(), "the tests' JVM is given none");
    assertTrue(json.get("native_library_reason").asText().startsWith("no native library: "));
    assertTrue(json.get("memory_available_bytes").asLong() > 1L << 20);
    assertTrue(json.get("cpu_features").isArray());
    assertFalse(json.get("start_archive").asBoolean(), "the tests' JVM is given none");
    assertTrue(json.get("tokenizers_obstacle").isNull());
  }

  @Test
  void anArchiveThatDoesNotFitIsToldWithTheRemedy() {
    assertTrue(StartArchive.of("a.aot", "mixed mode, sharing").inUse());
    StartArchive unfit = StartArchive.of("a.aot", "mixed mode");
    assertFalse(unfit.inUse());
    assertTrue(unfit.description().contains("delete it"), unfit.description());
    assertFalse(StartArchive.of("", "mixed mode, sharing").inUse());
  }

  @Test
  void aContainersShareOfTheMemoryIsToldBesideTheMachines() {
    long machine = 24L << 30;
    ControlGroup group = new ControlGroup(4L << 30, 1L << 30);
    assertEquals(
        "24.0 GiB, of them 4.0 GiB for this container (its control group's limit, of which 1.0 GiB are left)",
        DoctorVerb.memory(machine, Optional.of(group)));
    assertEquals("24.0 GiB", DoctorVerb.memory(machine, Optional.empty()));
    ControlGroup wide = new ControlGroup(64L << 30, 60L << 30);
    assertEquals("24.0 GiB", DoctorVerb.memory(machine, Optional.of(wide)));
  }

  @Test
  void ofTheCpuOnlyWhatMattersIsShown() {
    assertEquals(List.of("avx2", "fma"), CpuFeatures.of("flags\t\t: fpu fma avx avx2"));
    assertEquals(List.of(), CpuFeatures.of("flags :"));
  }
}
