package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mixtureofmasks.cli.CliRun.mom;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.kernel.KernelChoice;

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
}
