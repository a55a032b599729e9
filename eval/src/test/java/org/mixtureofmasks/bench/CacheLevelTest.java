package org.mixtureofmasks.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheLevelTest {
  private static final Map<Integer, Long> SIZES =
      new TreeMap<>(Map.of(1, 32L << 10, 2, 1L << 20, 3, 32L << 20));

  @Test
  void theSmallestCacheThatHoldsTheBufferServesIt() {
    assertEquals("L1", CacheLevel.of(32 << 10, 1, SIZES));
    assertEquals("L2", CacheLevel.of(1 << 20, 1, SIZES));
    assertEquals("L3", CacheLevel.of((1 << 20) + 1, 1, SIZES));
    assertEquals("DRAM", CacheLevel.of((32 << 20) + 1, 1, SIZES));
  }

  @Test
  void eachThreadBringsItsOwnSecondLevelButNotTheThird() {
    assertEquals("L2", CacheLevel.of(2 << 20, 2, SIZES));
    assertEquals("DRAM", CacheLevel.of(33 << 20, 2, SIZES));
  }

  @Test
  void aMachineThatDoesNotTellIsUnknown(@TempDir Path empty) {
    assertEquals("unknown", CacheLevel.of(1000, 1, CacheLevel.sizes(empty)));
  }

  @Test
  void sizesAreReadFromLinuxWithoutTheInstructionCache(@TempDir Path caches) throws IOException {
    index(caches, 0, "1", "Data", "48K");
    index(caches, 1, "1", "Instruction", "32K");
    index(caches, 2, "2", "Unified", "2048K");
    assertEquals(Map.of(1, 48L << 10, 2, 2L << 20), CacheLevel.sizes(caches));
  }

  private static void index(Path caches, int i, String level, String type, String size)
      throws IOException {
    Path index = Files.createDirectory(caches.resolve("index" + i));
    Files.writeString(index.resolve("level"), level + "\n");
    Files.writeString(index.resolve("type"), type + "\n");
    Files.writeString(index.resolve("size"), size + "\n");
  }
}
