package org.mixtureofmasks.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.mixtureofmasks.kernel.HugePages;
import org.mixtureofmasks.kernel.ThreadTeam;

/**
 * How fast memory can be read and no more: the limit that decoding is measured against. A limit
 * that decoding could pass is none, so it is the best of several ways to read ({@link
 * ReadPattern}), in the kind of pages that weights lie in, by several numbers of threads. Figures
 * are only good beside others of the same run and for a buffer as large as the weights that are
 * read.
 */
public final class Stream {
  private static final int WARM_UPS = 2;
  private static final int REPEATS = 3;

  /**
   * The fastest way.
   *
   * @param gigabytesPerSecond 10^9 bytes a second, of the best pass
   * @param pattern how they were read
   * @param threads how many read
   */
  public record Reading(double gigabytesPerSecond, ReadPattern pattern, int threads) {}

  private Stream() {}

  /**
   * The best of all patterns, by all threads and by half of them: where a memory channel is full,
   * more threads are slower.
   *
   * @param bytes size of the buffer; small ones are served by a cache, and that is meant
   * @param threads threads at most
   */
  public static Reading best(long bytes, int threads) {
    return IntStream.of(threads, Math.max(1, threads / 2))
        .distinct()
        .mapToObj(n -> bestOf(bytes, n))
        .max(Comparator.comparingDouble(Reading::gigabytesPerSecond))
        .orElseThrow();
  }

  /** The best of all patterns by so many threads, each its own share. */
  public static Reading bestOf(long bytes, int threads) {
    try (ThreadTeam team = new ThreadTeam(threads);
        Arena arena = Arena.ofShared()) {
      long size = Math.max(ReadPattern.PIECE * threads, bytes / 4096 * 4096);
      MemorySegment buffer = memory(arena, size).allocate(size, 64);
      buffer.fill((byte) 1); // pages that were never written are all the same one
      Reading best = new Reading(0, ReadPattern.FRONT_TO_BACK, threads);
      for (ReadPattern pattern : ReadPattern.values()) {
        double rate = rate(team, buffer, size, pattern);
        best = rate > best.gigabytesPerSecond ? new Reading(rate, pattern, threads) : best;
      }
      return best;
    }
  }

  private static SegmentAllocator memory(Arena arena, long size) {
    return HugePages.obstacle() == null ? new HugePages(arena, size) : arena;
  }

  private static double rate(
      ThreadTeam team, MemorySegment buffer, long size, ReadPattern pattern) {
    // Passes over a small buffer are repeated, so that the clock has something to measure.
    int passes = (int) Math.max(1, (32L << 20) / size);
    double least = Double.POSITIVE_INFINITY;
    for (int r = -WARM_UPS; r < REPEATS; r++) { // the first ones warm the compiler
      long start = System.nanoTime();
      for (int p = 0; p < passes; p++) {
        team.run((part, parts) -> pattern.read(buffer, size, part, parts));
      }
      double seconds = (System.nanoTime() - start) * 1e-9;
      least = r >= 0 ? Math.min(least, seconds) : least;
    }
    return (double) size * passes / least * 1e-9;
  }
}
