package org.mixtureofmasks.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StreamTest {
  /** A rate that counts bytes which nobody read would be no ceiling but an invention. */
  @ParameterizedTest
  @EnumSource
  void everyPatternReadsEachByteOnce(ReadPattern pattern) {
    for (int parts : new int[] {1, 2, 3}) {
      long pieces = 53; // a prime: no share comes out even
      long size = pieces * ReadPattern.PIECE;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(size, 64);
        for (long i = 0; i < size; i += 4) {
          buffer.set(ValueLayout.JAVA_INT, i, (int) (i / ReadPattern.PIECE) + 1);
        }
        long before = ReadPattern.sums();
        for (int part = 0; part < parts; part++) {
          pattern.read(buffer, size, part, parts);
        }
        long ints = ReadPattern.PIECE / 4;
        assertEquals(
            ints * pieces * (pieces + 1) / 2,
            ReadPattern.sums() - before,
            pattern + " by " + parts);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"100000, 1", "1000, 2", "3000000, 2"})
  void theBestReadingNamesItsPatternAndThreads(long bytes, int threads) {
    Stream.Reading best = Stream.best(bytes, threads);
    assertTrue(best.gigabytesPerSecond() > 0.1, best.toString());
    assertTrue(best.threads() >= 1 && best.threads() <= threads, best.toString());
  }
}
