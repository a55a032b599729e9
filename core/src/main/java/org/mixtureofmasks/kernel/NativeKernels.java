package org.mixtureofmasks.kernel;

import static org.mixtureofmasks.kernel.NativeLibrary.NONE;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.kernel.NativeLibrary.Function;

/**
 * The optional library's products, with the bits that Java's give in vectors of the same width.
 * Methods that depend on a {@link Format} say whether they have done the work: where they give
 * false, the format's own kernels are to do it.
 *
 * <p>C checks nothing, so what Java's accesses would have refused is refused here.
 */
final class NativeKernels {
  /** System property: the library's file, or "off"; absent: none. */
  static final String PROPERTY = "mom.native";

  /** Weights that a call reads at most, so that a collection never waits long for one. */
  private static final long CALL_BYTES = 1 << 20;

  /** Weights of a call times a {@link Kernels#TILE} of tokens. */
  private static final int CALL_PRODUCTS = 1 << 18;

  private static final List<Format> FORMATS =
      List.of(
          Bf16.FORMAT,
          Int8.FORMAT,
          Q4.FORMAT,
          Q80.FORMAT,
          Q40.FORMAT,
          Q41.FORMAT,
          Q50.FORMAT,
          Q4K.FORMAT,
          Q5K.FORMAT,
          Q6K.FORMAT,
          F32.FORMAT);

  /** Those whose rows can be added up in parts. */
  private static final List<Format> IN_PARTS =
      List.of(Bf16.FORMAT, Int8.FORMAT, F32.FORMAT, PreviewWeights.FORMAT);

  private final NativeLibrary library;
  private final int bits;
  private final NativeFloats floats;
  private final NativeStep stepOfSplitFloats;
  private final IdentityHashMap<Format, Integer> numbers = new IdentityHashMap<>();
  private final IdentityHashMap<Format, Integer> inParts = new IdentityHashMap<>();

  /**
   * What came of the search for a library.
   *
   * @param kernels null: there is none
   * @param reason in a few words, for logs
   * @param unusable whether one was asked for that cannot be used
   */
  record Link(@Nullable NativeKernels kernels, String reason, boolean unusable) {}

  private NativeKernels(NativeLibrary library, int bits) throws NativeLibrary.Unusable {
    this.library = library;
    this.bits = bits;
    floats = new NativeFloats(library, bits);
    stepOfSplitFloats = new NativeStep(library, bits, library.kernels("split_floats", bits));
    for (Format format : FORMATS) {
      int number = library.kernels(format.name(), bits);
      if (number == -2) {
        throw new NativeLibrary.Unusable(
            "it has no kernels for vectors of %d bits on this CPU (AVX2 or AVX-512 is wanted)"
                .formatted(bits));
      }
      if (number >= 0) {
        numbers.put(format, number);
      }
    }
    for (Format format : IN_PARTS) {
      inParts.put(format, library.kernels(format.name(), bits));
    }
  }

  /** Those for vectors of so many bits; {@code wish} as the property {@value #PROPERTY} has it. */
  static Link link(@Nullable String wish, int bits) {
    if (wish == null || wish.equals("off")) {
      String why = wish == null ? "-D" + PROPERTY + " names none" : "-D" + PROPERTY + "=off";
      return new Link(null, "no native library: " + why, false);
    }
    if (NativeCalls.obstacle() != null) {
      return unusable(wish, NativeCalls.obstacle());
    }
    try {
      NativeLibrary library = NativeLibrary.open(Path.of(wish));
      return new Link(new NativeKernels(library, bits), "native library " + wish, false);
    } catch (NativeLibrary.Unusable e) {
      return unusable(wish, e.getMessage());
    }
  }

  private static Link unusable(String wish, @Nullable String why) {
    return new Link(null, "the native library %s is not used: %s".formatted(wish, why), true);
  }

  /** Whether the library has kernels for weights of that format. */
  boolean has(Format format) {
    return numbers.containsKey(format);
  }

  /** Whether it has kernels for parts of rows of that format. */
  boolean hasParts(Format format) {
    return inParts.containsKey(format);
  }

  /** What the library computes between the products. */
  NativeFloats floats() {
    return floats;
  }

  /** See {@link Format#matvec}. */
  boolean matvec(Matrix w, Input x, int token, float[] y, int yAt, int from, int to) {
    Integer number = numbers.get(w.format());
    if (number == null) {
      return false;
    }
    Objects.checkFromToIndex(from, to, w.rows());
    Objects.checkFromIndexSize(x.at(token), w.columns(), x.floats().length);
    Objects.checkFromToIndex(yAt + from, yAt + to, y.length);
    int rows =
        4 * units(w, 4); // Java's kernels end a sum otherwise where rows fill no group of four
    for (int r = from; r < to; r += rows) {
      int next = Math.min(to, r + rows);
      library.call(
          Function.MATVEC,
          number,
          0,
          w.data(),
          array(x.floats()),
          array(y),
          NONE,
          NONE,
          w.columns(),
          x.at(token),
          yAt,
          r,
          next,
          to);
    }
    return true;
  }

  /** See {@link Format#widen}. */
  boolean widen(Matrix w, int from, int to, float[] out) {
    Integer number = numbers.get(w.format());
    if (number == null) {
      return false;
    }
    int n = w.columns();
    Objects.checkFromToIndex(from, to, w.rows());
    Objects.checkFromIndexSize(0, Math.multiplyExact(to - from, n), out.length);
    int rows = units(w, 4); // what is written is several times what is read
    for (int r = from; r < to; r += rows) {
      int next = Math.min(to, r + rows);
      long at = (r - from) * (long) n;
      library.call(
          Function.WIDEN, number, 0, w.data(), array(out), NONE, NONE, NONE, n, r, next, at);
    }
    return true;
  }

  /** See {@link Kernels#matmul}. */
  void matmul(float[] w, int rows, int n, float[] x, int tokens, float[] y, int yStride, int yAt) {
    Objects.checkFromIndexSize(0, Math.multiplyExact(rows, n), w.length);
    Objects.checkFromIndexSize(0, Math.multiplyExact(tokens, n), x.length);
    if (tokens > 0) {
      Objects.checkFromIndexSize(yAt, (tokens - 1) * yStride + rows, y.length);
    }
    int some = Math.max(1, CALL_PRODUCTS / Math.max(1, rows * n)) * Kernels.TILE;
    for (int t = 0; t < tokens; t += some) {
      library.call(
          Function.FEW,
          bits,
          0,
          array(w),
          array(x),
          array(y),
          NONE,
          NONE,
          rows,
          n,
          t * (long) n,
          Math.min(some, tokens - t),
          yAt + t * (long) yStride,
          yStride);
    }
  }

  /** See {@link Kernels#neurons}. */
  boolean neurons(
      Matrix records,
      int[] list,
      int from,
      int to,
      float @Nullable [] scales,
      Input x,
      int token,
      float[] y,
      int yAt) {
    Integer number = numbers.get(records.format());
    if (number == null) {
      return false;
    }
    Objects.checkFromToIndex(from, to, scales == null ? list.length : scales.length);
    for (int k = from; k < to; k++) {
      Objects.checkIndex(list[k], records.rows() / 3);
    }
    Objects.checkFromIndexSize(x.at(token), records.columns(), x.floats().length);
    Objects.checkFromIndexSize(yAt, records.columns(), y.length);
    int block = Kernels.NEURON_BLOCK * units(records, 3 * Kernels.NEURON_BLOCK);
    for (int k = from; k < to; k += block) {
      int next = Math.min(to, k + block);
      library.call(
          Function.NEURONS,
          number,
          0,
          records.data(),
          array(list),
          scales == null ? NONE : array(scales),
          array(x.floats()),
          array(y),
          records.columns(),
          k,
          next,
          x.at(token),
          yAt,
          to);
    }
    return true;
  }

  /** The number of what reads a part of a format's rows, which of a preview has whole units. */
  private @Nullable Integer inParts(Format format, int column0, int column1, int unit) {
    boolean ragged = column0 % unit != 0 || column1 % unit != 0;
    return format.equals(PreviewWeights.FORMAT) && ragged ? null : inParts.get(format);
  }

  /** See {@link Kernels#addRows}. */
  boolean addRows(
      Matrix w,
      int[] list,
      int from,
      int to,
      float[] factors,
      float[] y,
      int yAt,
      int column0,
      int column1) {
    Integer number = inParts(w.format(), column0, column1, PreviewWeights.BLOCK);
    if (number == null) {
      return false;
    }
    Objects.checkFromToIndex(from, to, Math.min(list.length, factors.length));
    for (int k = from; k < to; k++) {
      Objects.checkIndex(list[k], w.rows());
    }
    Objects.checkFromToIndex(column0, column1, w.columns());
    Objects.checkFromIndexSize(yAt, column1 - column0, y.length);
    int rows = 4 * units(w, 4);
    for (int k = from; k < to; k += rows) {
      library.call(
          Function.ADD_ROWS,
          number,
          0,
          w.data(),
          array(list),
          array(factors),
          array(y),
          NONE,
          w.columns(),
          k,
          Math.min(to, k + rows),
          column0,
          column1,
          yAt);
    }
    return true;
  }

  /** See {@link Kernels#preview}. */
  boolean preview(
      Matrix w,
      int[] list,
      int whole,
      int count,
      float[] factors,
      float[] y,
      int column0,
      int column1) {
    Integer number = inParts(w.format(), column0, column1, PreviewWeights.BLOCK);
    boolean halves = w.columns() / 2 % PreviewWeights.BLOCK == 0;
    if (number == null || !halves || !w.format().equals(PreviewWeights.FORMAT)) {
      return false;
    }
    int ups = factors.length / 2;
    Objects.checkFromToIndex(2 * whole, count, Math.min(list.length, ups));
    for (int k = 0; k < count; k++) {
      Objects.checkIndex(list[k], w.rows());
    }
    Objects.checkFromToIndex(column0, column1, w.columns() / 2);
    Objects.checkFromIndexSize(0, Math.multiplyExact(6, column1 - column0), y.length);
    library.call(
        Function.PREVIEW,
        number,
        0,
        w.data(),
        array(list),
        array(factors),
        array(y),
        NONE,
        w.columns(),
        whole,
        count,
        ups,
        column0,
        column1,
        0);
    return true;
  }

  /** See {@link Kernels#widenColumns}. */
  boolean widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    Integer number = inParts(w.format(), column0, column1, bits / Float.SIZE);
    if (number == null) {
      return false;
    }
    Objects.checkFromToIndex(from, to, w.rows());
    Objects.checkFromToIndex(column0, column1, w.columns());
    if (from < to) {
      Objects.checkIndex(stride, Integer.MAX_VALUE);
      long last = (to - from - 1L) * stride;
      Objects.checkFromIndexSize(last, column1 - column0, (long) out.length);
    }
    library.call(
        Function.WIDEN_COLUMNS,
        number,
        0,
        w.data(),
        array(out),
        NONE,
        NONE,
        NONE,
        w.columns(),
        from,
        to,
        column0,
        column1,
        stride);
    return true;
  }

  /** See {@link Kernels#matmulOfTile}. */
  void matmulOfTile(
      float[] w,
      int rows,
      int n,
      float[] tile,
      int tileAt,
      int tokens,
      float[] y,
      int yStride,
      int yAt) {
    int tileTokens = bits / Float.SIZE * 2;
    Objects.checkFromIndexSize(0, Math.multiplyExact(rows, n), w.length);
    Objects.checkFromIndexSize(tileAt, Math.multiplyExact(n, tileTokens), tile.length);
    Objects.checkIndex(tokens, tileTokens + 1);
    if (tokens > 0) {
      Objects.checkFromIndexSize(yAt, (tokens - 1) * yStride + rows, y.length);
    }
    library.call(
        Function.TILE,
        bits,
        0,
        array(w),
        array(tile),
        array(y),
        NONE,
        NONE,
        rows,
        n,
        tileAt,
        tokens,
        yAt,
        yStride);
  }

  /** What computes steps on rows of that format; null: nothing does. */
  @Nullable NativeStep step(Format format) {
    Integer number = numbers.get(format);
    return number == null ? null : new NativeStep(library, bits, number);
  }

  /** What computes steps on rows that were widened in a format's order. */
  @SuppressWarnings("ReferenceEquality") // orders are compared by identity
  NativeStep stepOfFloats(Order order) {
    return order == Order.SPLIT ? stepOfSplitFloats : Objects.requireNonNull(step(F32.FORMAT));
  }

  /** See {@link Kernels#neuronsOfTile}. */
  void neuronsOfTile(
      float[] records, int n, BlockLanes lanes, float[] tile, int tileAt, float[] y, int yAt) {
    int width = lanes.width;
    int vector = bits / Float.SIZE;
    if (width != vector && width != 2 * vector) {
      throw new IllegalArgumentException("a tile of %d lanes".formatted(width));
    }
    int count = lanes.count;
    Objects.checkFromIndexSize(0, Math.multiplyExact(3 * count, n), records.length);
    Objects.checkFromIndexSize(0, count, lanes.held.length);
    Objects.checkFromIndexSize(Math.max(0, count - 1) * lanes.apart, width, lanes.factors.length);
    Objects.checkFromIndexSize(tileAt, Math.multiplyExact(n, width), tile.length);
    Objects.checkFromIndexSize(yAt, n * width, y.length);
    library.call(
        Function.TILE_NEURONS,
        bits,
        0,
        array(records),
        array(lanes.held),
        array(lanes.factors),
        array(tile),
        array(y),
        count,
        n,
        width,
        lanes.apart,
        tileAt,
        yAt);
  }

  private static MemorySegment array(float[] floats) {
    return MemorySegment.ofArray(floats);
  }

  private static MemorySegment array(int[] ints) {
    return MemorySegment.ofArray(ints);
  }

  /** How many units of so many rows a call reads. */
  private static int units(Matrix w, int rows) {
    long bytes = Math.max(1, rows * w.format().rowBytes(w.columns()));
    return Math.toIntExact(Math.max(1, CALL_BYTES / bytes));
  }
}
