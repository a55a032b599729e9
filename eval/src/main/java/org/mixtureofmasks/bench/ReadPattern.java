package org.mixtureofmasks.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.Prefetch;

/** A way to read all of a buffer once, shared out among threads. */
public enum ReadPattern {
  /** Each thread its share, from its beginning to its end. */
  FRONT_TO_BACK {
    @Override
    void read(MemorySegment buffer, long size, int part, int parts) {
      long share = size / parts / PIECE * PIECE;
      for (long at = part * share; at < (part + 1) * share; at += PIECE) {
        add(sum(buffer, at, at + PIECE));
      }
      readTail(buffer, size, share * parts, part);
    }
  },

  /** The same, and the next piece is asked for while one is read, as the kernels do. */
  ASKED_AHEAD {
    @Override
    void read(MemorySegment buffer, long size, int part, int parts) {
      long share = size / parts / PIECE * PIECE;
      long address = buffer.address();
      for (long at = part * share; at < (part + 1) * share; at += PIECE) {
        Prefetch.lines(address + at + PIECE, address + Math.min(size, at + 2 * PIECE));
        add(sum(buffer, at, at + PIECE));
      }
      readTail(buffer, size, share * parts, part);
    }
  },

  /** Each thread in four places of its share at once: four streams for the hardware to fetch. */
  FOUR_PLACES {
    @Override
    void read(MemorySegment buffer, long size, int part, int parts) {
      long quarter = size / parts / 4 / PIECE * PIECE;
      long from = 4L * part * quarter;
      for (long at = from; at < from + quarter; at += PIECE) {
        for (int place = 0; place < 4; place++) {
          add(sum(buffer, at + place * quarter, at + place * quarter + PIECE));
        }
      }
      readTail(buffer, size, 4 * quarter * parts, part);
    }
  },

  /** The threads take pieces in turns, so that all read the same neighbourhood. */
  IN_TURNS {
    @Override
    void read(MemorySegment buffer, long size, int part, int parts) {
      long whole = size / PIECE * PIECE;
      for (long at = part * PIECE; at < whole; at += parts * PIECE) {
        add(sum(buffer, at, at + PIECE));
      }
      readTail(buffer, size, whole, part);
    }
  };

  /** Bytes that are read in one go, a page. */
  static final long PIECE = 4096;

  private static final boolean VECTOR = KernelChoice.get().vector();

  // The sums end here, or the compiler would see that nobody wants them.
  private static volatile long sink;

  /**
   * Reads a thread's part.
   *
   * @param size bytes, a multiple of {@link #PIECE} and at least one for each part
   */
  abstract void read(MemorySegment buffer, long size, int part, int parts);

  /** As it is written for people and in JSON. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** What the even shares left over, or the rate would count bytes that nobody read. */
  static void readTail(MemorySegment buffer, long size, long from, int part) {
    if (part == 0) {
      for (long at = from; at < size; at += PIECE) {
        add(sum(buffer, at, at + PIECE));
      }
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // whatever the sum is, it was computed
  static void add(long sum) {
    sink += sum;
  }

  /** All that was ever read, added up; by several threads at once only roughly. */
  static long sums() {
    return sink;
  }

  static long sum(MemorySegment buffer, long from, long to) {
    if (VECTOR) {
      return VectorStream.sum(buffer, from, to);
    }
    long a = 0;
    long b = 0;
    for (long i = from; i < to; i += 16) {
      a += buffer.get(ValueLayout.JAVA_INT, i) + buffer.get(ValueLayout.JAVA_INT, i + 4);
      b += buffer.get(ValueLayout.JAVA_INT, i + 8) + buffer.get(ValueLayout.JAVA_INT, i + 12);
    }
    return a + b;
  }
}
