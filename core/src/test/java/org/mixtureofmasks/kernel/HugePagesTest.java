package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HugePagesTest {
  @TempDir Path folder;

  @Test
  void piecesAreAlignedApartZeroedAndGoneWithTheArena() {
    assumeTrue(NativeCalls.obstacle() == null);
    MemorySegment first;
    try (Arena arena = Arena.ofShared()) {
      HugePages pages = new HugePages(arena, 1 << 20);
      first = pages.allocate(100, 64);
      MemorySegment second = pages.allocate(5 << 20, 64);
      MemorySegment third = pages.allocate(7, 64);
      first.fill((byte) 1);
      third.fill((byte) 3);
      assertEquals(0, first.address() % 64);
      assertEquals(0, second.address() % 64);
      assertEquals(0, third.address() % 64);
      assertEquals(5 << 20, second.byteSize());
      assertEquals(0, second.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(0, second.get(ValueLayout.JAVA_BYTE, (5 << 20) - 1));
      assertEquals(1, first.get(ValueLayout.JAVA_BYTE, 99));
    }
    assertTrue(!first.scope().isAlive());
  }

  @Test
  void theSystemsSettingDecides() throws IOException {
    Path setting = folder.resolve("enabled");
    Files.writeString(setting, "always [madvise] never\n");
    assertNull(HugePages.obstacle(setting));
    Files.writeString(setting, "always madvise [never]\n");
    assertEquals(setting + " says never", HugePages.obstacle(setting));
    assertEquals(
        folder.resolve("none") + " cannot be read", HugePages.obstacle(folder.resolve("none")));
  }
}
