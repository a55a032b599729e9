package org.mixtureofmasks.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The functions of the optional library (native/mom.h, which says what they do), bound to a file
 * that {@code scripts/build_native.sh} has made. They are called without a change of thread state
 * and read arrays where they lie, so the garbage collector waits for them: a call is to take a
 * tenth of a millisecond, not more.
 */
final class NativeLibrary {
  /** What mom_version of a library gives whose functions are those below. */
  private static final int VERSION = 4;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout POINTER = ValueLayout.ADDRESS;

  private final MethodHandle kernels;
  private final MethodHandle matvec;
  private final MethodHandle neurons;
  private final MethodHandle tile;
  private final MethodHandle tileGateUp;
  private final MethodHandle tileAddDown;
  private final MethodHandle step;

  /** Why a library cannot be used, in a few words. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;

    Unusable(String why) {
      super(why);
    }
  }

  private NativeLibrary(SymbolLookup library) {
    kernels = link(library, "mom_kernels", FunctionDescriptor.of(INT, POINTER, INT));
    matvec =
        link(
            library,
            "mom_matvec",
            FunctionDescriptor.ofVoid(
                INT, POINTER, LONG, POINTER, LONG, POINTER, LONG, LONG, LONG, LONG));
    neurons =
        link(
            library,
            "mom_neurons",
            FunctionDescriptor.ofVoid(
                INT, POINTER, LONG, POINTER, LONG, LONG, POINTER, POINTER, LONG, POINTER, LONG));
    tile =
        link(
            library,
            "mom_tile",
            FunctionDescriptor.ofVoid(
                INT, POINTER, LONG, LONG, POINTER, LONG, LONG, POINTER, LONG, LONG));
    tileGateUp =
        link(
            library,
            "mom_tile_gate_up",
            FunctionDescriptor.ofVoid(
                INT, POINTER, POINTER, LONG, LONG, POINTER, LONG, LONG, POINTER, LONG));
    tileAddDown =
        link(
            library,
            "mom_tile_add_down",
            FunctionDescriptor.ofVoid(
                INT, POINTER, POINTER, LONG, LONG, POINTER, LONG, POINTER, LONG));
    step =
        link(
            library,
            "mom_step",
            FunctionDescriptor.ofVoid(
                INT, POINTER, LONG, LONG, POINTER, LONG, LONG, LONG, LONG, LONG, POINTER, LONG,
                LONG, POINTER, LONG));
  }

  /**
   * Loads a library, for as long as the process lives.
   *
   * @throws Unusable if there is no such file, or it is no library of this version
   */
  @SuppressWarnings("restricted") // that is what it is for
  static NativeLibrary open(Path file) throws Unusable {
    if (!Files.isRegularFile(file)) {
      throw new Unusable("there is no such file");
    }
    try {
      SymbolLookup library = SymbolLookup.libraryLookup(file.toAbsolutePath(), Arena.global());
      MethodHandle version = link(library, "mom_version", FunctionDescriptor.of(INT));
      int found = (int) version.invokeExact();
      if (found != VERSION) {
        throw new Unusable(
            "it is of version %d, this program wants %d; scripts/build_native.sh builds it anew"
                .formatted(found, VERSION));
      }
      return new NativeLibrary(library);
    } catch (Unusable | Error e) {
      throw e;
    } catch (Throwable e) { // not loadable, or a function is missing
      throw new Unusable("it is no library of this program (" + e.getMessage() + ")");
    }
  }

  @SuppressWarnings("restricted") // the signatures are those of mom.h
  private static MethodHandle link(
      SymbolLookup library, String name, FunctionDescriptor signature) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), signature, Linker.Option.critical(true));
  }

  /** The number of a format's kernels; -1: it has none, -2: this CPU cannot run them. */
  int kernels(String format, int bits) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) kernels.invokeExact(arena.allocateFrom(format), bits);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  void matvec(
      int number, Matrix w, float[] x, int xAt, float[] y, int yAt, int from, int to, int end) {
    try {
      matvec.invokeExact(
          number,
          w.data(),
          (long) w.columns(),
          MemorySegment.ofArray(x),
          (long) xAt,
          MemorySegment.ofArray(y),
          (long) yAt,
          (long) from,
          (long) to,
          (long) end);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  void neurons(
      int number,
      Matrix records,
      int[] list,
      int from,
      int to,
      float @Nullable [] scales,
      float[] x,
      int xAt,
      float[] y,
      int yAt) {
    MemorySegment factors = scales == null ? MemorySegment.NULL : MemorySegment.ofArray(scales);
    try {
      neurons.invokeExact(
          number,
          records.data(),
          (long) records.columns(),
          MemorySegment.ofArray(list),
          (long) from,
          (long) to,
          factors,
          MemorySegment.ofArray(x),
          (long) xAt,
          MemorySegment.ofArray(y),
          (long) yAt);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  void tile(
      int bits,
      float[] w,
      int rows,
      int n,
      float[] of,
      int tileAt,
      int tokens,
      float[] y,
      int yAt,
      int stride) {
    try {
      tile.invokeExact(
          bits,
          MemorySegment.ofArray(w),
          (long) rows,
          (long) n,
          MemorySegment.ofArray(of),
          (long) tileAt,
          (long) tokens,
          MemorySegment.ofArray(y),
          (long) yAt,
          (long) stride);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  void tileGateUp(
      int bits,
      float[] records,
      int[] list,
      int count,
      int n,
      float[] of,
      int tileAt,
      int tokens,
      float[] h,
      int up) {
    try {
      tileGateUp.invokeExact(
          bits,
          MemorySegment.ofArray(records),
          MemorySegment.ofArray(list),
          (long) count,
          (long) n,
          MemorySegment.ofArray(of),
          (long) tileAt,
          (long) tokens,
          MemorySegment.ofArray(h),
          (long) up);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  void tileAddDown(
      int bits,
      float[] records,
      int[] list,
      int count,
      int n,
      float[] h,
      int tokens,
      float[] y,
      int yAt) {
    try {
      tileAddDown.invokeExact(
          bits,
          MemorySegment.ofArray(records),
          MemorySegment.ofArray(list),
          (long) count,
          (long) n,
          MemorySegment.ofArray(h),
          (long) tokens,
          MemorySegment.ofArray(y),
          (long) yAt);
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  void step(
      int bits,
      float[] w,
      int rows,
      RowSum order,
      Input x,
      int tokens,
      float[] y,
      int yAt,
      int stride,
      MemorySegment next) {
    RowSum.Pass second = order.passes().get(1);
    try {
      step.invokeExact(
          bits,
          MemorySegment.ofArray(w),
          (long) rows,
          (long) x.columns(),
          MemorySegment.ofArray(x.floats()),
          (long) tokens,
          (long) second.from(),
          (long) order.passes().getFirst().count(),
          (long) second.count(),
          (long) second.stride(),
          MemorySegment.ofArray(y),
          (long) yAt,
          (long) stride,
          next,
          next.byteSize());
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /** What Java throws before the call, such as for weights that were closed, is thrown on. */
  private static RuntimeException failed(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime
        ? runtime
        : new IllegalStateException("the native library cannot be called", e);
  }
}
