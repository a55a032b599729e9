package org.mixtureofmasks.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Objects;

/**
 * The functions of the optional library (native/mom.h, which says what they do), bound to a file
 * that {@code scripts/build_native.sh} has made. They are called without a change of thread state
 * and read arrays where they lie, so the garbage collector waits for them: a call is to take a
 * tenth of a millisecond, not more.
 *
 * <p>All have one signature. To link one takes the JVM ten milliseconds, which a start would pay
 * for each.
 */
final class NativeLibrary {
  /** What a parameter is that a function does not read. */
  static final MemorySegment NONE = MemorySegment.NULL;

  /** What mom_version of a library gives whose functions are those below. */
  private static final int VERSION = 12;

  /** Whole numbers of the signature. */
  private static final int NUMBERS = 9;

  private static final FunctionDescriptor SIGNATURE =
      FunctionDescriptor.of(
          ValueLayout.JAVA_INT,
          ValueLayout.JAVA_INT,
          ValueLayout.ADDRESS,
          ValueLayout.ADDRESS,
          ValueLayout.ADDRESS,
          ValueLayout.ADDRESS,
          ValueLayout.ADDRESS,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_DOUBLE);

  private static final MethodHandle CALL = link();

  /** The functions, each mom_ and its name here in lower case. */
  enum Function {
    VERSION,
    KERNELS,
    MATVEC,
    WIDEN,
    NEURONS,
    ADD_ROWS,
    PREVIEW,
    WIDEN_COLUMNS,
    FEW,
    TILE,
    TRANSPOSE,
    TILE_NEURONS,
    STEP_LAY,
    STEP,
    SPLIT,
    RMS_NORM,
    SILU_TIMES,
    EXPONENTIALS,
    MULTIPLY,
    ADD,
    ROTATE,
    SCORES,
    MIX;

    private String symbol() {
      return "mom_" + name().toLowerCase(Locale.ROOT);
    }
  }

  private final EnumMap<Function, MemorySegment> addresses = new EnumMap<>(Function.class);

  /** Why a library cannot be used, in a few words. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;

    Unusable(String why) {
      super(why);
    }
  }

  private NativeLibrary() {}

  /**
   * Loads a library, for as long as the process lives.
   *
   * @throws Unusable if there is no such file, or it is no library of this version
   */
  static NativeLibrary open(Path file) throws Unusable {
    if (!Files.isRegularFile(file)) {
      throw new Unusable("there is no such file");
    }
    NativeLibrary library = new NativeLibrary();
    int found;
    try {
      SymbolLookup functions = functions(file);
      library.find(functions, Function.VERSION);
      found = library.call(Function.VERSION, 0, 0, NONE, NONE, NONE, NONE, NONE);
      for (Function function : found == VERSION ? Function.values() : new Function[0]) {
        library.find(functions, function);
      }
    } catch (RuntimeException e) { // not loadable, or a function is missing
      throw new Unusable("it is no library of this program (" + e.getMessage() + ")");
    }
    if (found != VERSION) {
      throw new Unusable(
          "it is of version %d, this program wants %d; scripts/build_native.sh builds it anew"
              .formatted(found, VERSION));
    }
    return library;
  }

  @SuppressWarnings("restricted") // that is what it is for
  private static SymbolLookup functions(Path file) {
    return SymbolLookup.libraryLookup(file.toAbsolutePath(), Arena.global());
  }

  private void find(SymbolLookup functions, Function function) {
    addresses.put(function, functions.findOrThrow(function.symbol()));
  }

  @SuppressWarnings("restricted") // the signature is that of mom.h
  private static MethodHandle link() {
    return Linker.nativeLinker().downcallHandle(SIGNATURE, Linker.Option.critical(true));
  }

  /** The number of a format's kernels; -1: it has none, -2: this CPU cannot run them. */
  int kernels(String format, int bits) {
    byte[] name = (format + "\0").getBytes(StandardCharsets.US_ASCII);
    return call(Function.KERNELS, bits, 0, MemorySegment.ofArray(name), NONE, NONE, NONE, NONE);
  }

  /**
   * Calls a function. What Java throws before the call, such as for weights that were closed, is
   * thrown on.
   *
   * @param of a format's kernels, or bits of a vector
   * @param real the number that is not whole, if it has one
   * @param numbers up to 9 of them, as its declaration lists them
   */
  int call(
      Function function,
      int of,
      double real,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c,
      MemorySegment d,
      MemorySegment e,
      long... numbers) {
    long[] n = Arrays.copyOf(numbers, NUMBERS);
    MemorySegment address = Objects.requireNonNull(addresses.get(function));
    try {
      return (int)
          CALL.invokeExact(
              address, of, a, b, c, d, e, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8],
              real);
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new IllegalStateException("the native library cannot be called", thrown);
    }
  }
}
