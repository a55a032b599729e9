package org.mixtureofmasks.kernel;

import static org.mixtureofmasks.kernel.NativeLibrary.NONE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.mixtureofmasks.kernel.NativeLibrary.Function;

/**
 * The optional library's products of a step: rows of one format, or of widened floats, with all
 * tokens, added up as a {@link RowSum} says. Rows come from memory once, and are widened piece by
 * piece within the first-level cache.
 */
final class NativeStep {
  /** Products of a call, so that a collection waits a tenth of a millisecond for one, not more. */
  private static final int CALL_PRODUCTS = 4 << 20;

  /** Rows that the library computes together. */
  static final int ROWS = 12;

  /** What the library reads at full speed begins at a multiple of so many bytes. */
  private static final int ALIGNMENT = 64;

  /** Of each thread: tokens as the library reads them. */
  private static final ThreadLocal<MemorySegment> LAID =
      ThreadLocal.withInitial(() -> MemorySegment.NULL);

  private final NativeLibrary library;
  private final int bits;
  private final int kernels;

  /**
   * @param bits of a vector
   * @param kernels the number of the rows' format
   */
  NativeStep(NativeLibrary library, int bits, int kernels) {
    this.library = library;
    this.bits = bits;
    this.kernels = kernels;
  }

  /**
   * Tokens laid out for {@link #products}, in memory that is this thread's until its next ones are.
   *
   * @param columns of a token
   */
  record Laid(MemorySegment floats, int tokens, int columns) {}

  /** Whether there are two chains of as many vectors, which cover all columns. */
  static boolean covers(RowSum order) {
    return order.tail().length == 0
        && order.passes().getFirst().count() == order.passes().getLast().count();
  }

  /**
   * Lays out the first tokens of x.
   *
   * @param order one that {@link #covers} rows
   */
  Laid lay(Input x, int tokens, RowSum order) {
    int n = x.columns();
    Objects.checkFromIndexSize(0, Math.multiplyExact(tokens, n), x.floats().length);
    long bytes = Math.multiplyExact((long) tokens * n, Float.BYTES);
    MemorySegment laid = LAID.get();
    if (laid.byteSize() < bytes) {
      laid = Arena.ofAuto().allocate(bytes, ALIGNMENT);
      LAID.set(laid);
    }
    RowSum.Pass second = order.passes().getLast();
    MemorySegment floats = MemorySegment.ofArray(x.floats());
    library.call(
        Function.STEP_LAY,
        bits,
        0,
        floats,
        laid,
        NONE,
        NONE,
        NONE,
        n,
        tokens,
        second.from(),
        second.stride());
    return new Laid(laid, tokens, n);
  }

  /**
   * y[yAt + t * stride + r] = row r times token t for r in [from, to).
   *
   * @param rows stored one behind the other
   * @param rowBytes of each
   * @param laid the tokens
   */
  void products(
      MemorySegment rows,
      long rowBytes,
      Laid laid,
      float[] y,
      int stride,
      int yAt,
      int from,
      int to) {
    if (from >= to) {
      return;
    }
    int tokens = laid.tokens;
    Objects.checkFromToIndex(from * rowBytes, to * rowBytes, rows.byteSize());
    Objects.checkFromIndexSize(yAt + from, (tokens - 1) * stride + to - from, y.length);
    long products = Math.max(1, (long) ROWS * laid.columns * tokens);
    int some = Math.toIntExact(Math.max(1, CALL_PRODUCTS / products)) * ROWS;
    for (int r = from; r < to; r += some) {
      int next = Math.min(to, r + some);
      library.call(
          Function.STEP,
          kernels,
          0,
          rows,
          laid.floats,
          MemorySegment.ofArray(y),
          NONE,
          NONE,
          laid.columns,
          r,
          next,
          tokens,
          yAt,
          stride,
          to);
    }
  }
}
