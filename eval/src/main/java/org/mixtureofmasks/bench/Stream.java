package org.mixtureofmasks.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.ThreadTeam;

/**
 * How fast memory can be read and no more: the limit that decoding is measured against. Figures are
 * only good beside others of the same run and for a buffer as large as the weights that are read.
 */
public final class Stream {
  private static final int REPEATS = 7;

  // The sums end here, or the compiler would see that nobody wants them.
  @SuppressWarnings("UnusedVariable")
  private static volatile long sink;

  private Stream() {}

  /**
   * Bandwidth of reading a buffer front to back, the median of several passes, in 10^9 bytes a
   * second.
   *
   * @param bytes size of the buffer; small ones are served by a cache, and that is meant
   * @param threads threads that read, each its own share
   */
  public static double readGigabytesPerSecond(long bytes, int threads) {
    try (ThreadTeam team = new ThreadTeam(threads);
        Arena arena = Arena.ofShared()) {
      long size = Math.max(4096L * threads, bytes / 4096 * 4096);
      MemorySegment buffer = arena.allocate(size, 64);
      buffer.fill((byte) 1); // pages that were never written are all the same one
      boolean vector = KernelChoice.get().vector();
      // Passes over a small buffer are repeated, so that the clock has something to measure.
      int passes = (int) Math.max(1, (64L << 20) / size);
      double[] seconds = new double[REPEATS];
      for (int r = -2; r < REPEATS; r++) {
        long start = System.nanoTime();
        for (int p = 0; p < passes; p++) {
          team.run((part, parts) -> read(buffer, size, part, parts, vector));
        }
        if (r >= 0) { // the first passes warm the compiler and the pages
          seconds[r] = (System.nanoTime() - start) * 1e-9;
        }
      }
      Arrays.sort(seconds);
      return (double) size * passes / seconds[REPEATS / 2] * 1e-9;
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // whatever the sum is, it was computed
  private static void read(MemorySegment buffer, long size, int part, int parts, boolean vector) {
    long share = size / parts / 1024 * 1024;
    long from = part * share;
    // In slices, so that the loops are short enough to be compiled as a method, not replaced while
    // they run.
    for (long at = from; at < from + share; at += 1 << 20) {
      long end = Math.min(from + share, at + (1 << 20));
      sink += vector ? VectorStream.sum(buffer, at, end) : sum(buffer, at, end);
    }
  }

  private static long sum(MemorySegment buffer, long from, long to) {
    long a = 0;
    long b = 0;
    for (long i = from; i < to; i += 16) {
      a += buffer.get(ValueLayout.JAVA_LONG, i);
      b += buffer.get(ValueLayout.JAVA_LONG, i + 8);
    }
    return a + b;
  }
}
