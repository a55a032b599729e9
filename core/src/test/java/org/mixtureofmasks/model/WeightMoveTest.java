package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.HugePages;
import org.mixtureofmasks.kernel.Matrix;

class WeightMoveTest {
  @TempDir Path folder;

  @Test
  void aMatrixIsTheSameBeforeAndAfterItIsMoved() throws IOException {
    assumeTrue(HugePages.obstacle() == null);
    Path file = folder.resolve("weights");
    byte[] bytes = new byte[5 * 4096 + 4];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31 & 63);
    }
    Files.write(file, bytes);
    try (Arena arena = Arena.ofShared();
        FileChannel channel = FileChannel.open(file)) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes.length, arena);
      WeightMove move = new WeightMove(new HugePages(arena, 1 << 20));
      // Not from where a page begins: what is given back are the whole pages.
      Matrix matrix = move.matrix(mapped.asSlice(4), 5, 1024, F32.FORMAT);
      assertEquals(mapped.address() + 4, matrix.data().address(), "it is used where it lies");
      move.finish();
      assertNotEquals(mapped.address() + 4, matrix.data().address());
      byte[] moved = matrix.data().toArray(ValueLayout.JAVA_BYTE);
      assertArrayEquals(mapped.asSlice(4).toArray(ValueLayout.JAVA_BYTE), moved);
      move.close();
      move.begin(); // once is enough
    }
  }

  @Test
  void whatIsClosedMovesNoMore() {
    assumeTrue(HugePages.obstacle() == null);
    try (Arena arena = Arena.ofShared()) {
      WeightMove move = new WeightMove(new HugePages(arena, 1 << 20));
      Matrix matrix = move.matrix(arena.allocate(4096), 1, 1024, F32.FORMAT);
      long address = matrix.data().address();
      move.close();
      move.finish();
      assertEquals(address, matrix.data().address());
    }
  }

  @Test
  void logitsAreTheSameBeforeWhileAndAfterWeightsMove() {
    int[] text = {1, 403, 407, 261, 378};
    try (Model mapped = open(LoadOptions.Memory.MAPPED);
        Model moved = open(LoadOptions.Memory.AUTO)) {
      ModelState a = mapped.newState(8);
      ModelState b = moved.newState(8);
      for (int i = 0; i < text.length; i++) {
        float[] expected = mapped.forward(a, text, i, 1).clone();
        assertArrayEquals(expected, moved.forward(b, text, i, 1));
        if (i == 2) {
          moved.settle();
        }
      }
    }
  }

  @Test
  void warmingUpLeavesNothingBehindAndEndsWhenToldTo() {
    int[] text = {1, 403, 407};
    try (Model warm = open(LoadOptions.Memory.AUTO);
        Model cold = open(LoadOptions.Memory.AUTO)) {
      warm.warmUp(3, () -> false);
      warm.warmUp(1000, () -> true);
      ModelState state = warm.newState(8);
      assertEquals(0, state.position());
      assertArrayEquals(
          cold.forward(cold.newState(8), text, 0, 3).clone(), warm.forward(state, text, 0, 3));
    }
    assertFalse(Thread.getAllStackTraces().keySet().stream().anyMatch(this::moves));
  }

  private boolean moves(Thread thread) {
    return thread.getName().equals("mom-weights");
  }

  private static Model open(LoadOptions.Memory memory) {
    return Model.open(TestFiles.stories(), new LoadOptions(WeightType.AUTO, 2, memory));
  }
}
