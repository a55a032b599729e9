package org.mixtureofmasks.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** The few calls into the C library of Linux that Java has no words for. */
final class NativeCalls {
  static final int READ = 1;
  static final int WRITE = 2;
  static final int EXECUTE = 4;

  /** The smallest pages there are; larger ones are a multiple, and then fewer are given back. */
  private static final long SMALL_PAGE = 4096;

  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int ADVICE_NOT_NEEDED = 4;
  private static final int ADVICE_HUGE_PAGES = 14;
  private static final int SIGNAL_INTERRUPT = 2;

  private NativeCalls() {}

  /** Why none may be made, in a few words, or null. */
  static @Nullable String obstacle() {
    Module module = NativeCalls.class.getModule();
    if (!System.getProperty("os.name").equals("Linux")) {
      return "not on " + System.getProperty("os.name");
    }
    return module.isNativeAccessEnabled()
        ? null
        : "java was not started with --enable-native-access="
            + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
  }

  /** Zeroed pages to read and write, not yet backed by memory; length size. */
  static MemorySegment map(long size) {
    try {
      MemorySegment pages =
          (MemorySegment)
              Handles.MMAP.invokeExact(
                  MemorySegment.NULL, size, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      if (pages.address() == -1) {
        throw new OutOfMemoryError("the system gives no %s bytes".formatted(size));
      }
      return sized(pages, size);
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("mmap cannot be called", e);
    }
  }

  /** Zeroed pages of length size, given back when the arena is closed. */
  @SuppressWarnings("restricted") // the segment is as long as was mapped
  static MemorySegment map(long size, Arena arena) {
    return map(size).reinterpret(arena, NativeCalls::unmap);
  }

  private static void unmap(MemorySegment pages) {
    try {
      check("munmap", (int) Handles.MUNMAP.invokeExact(pages, pages.byteSize()));
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("munmap cannot be called", e);
    }
  }

  /** Asks for pages of 2 MB; where the advice is not taken, they stay small. */
  static void adviseHugePages(MemorySegment pages) {
    advise(pages, ADVICE_HUGE_PAGES);
  }

  /**
   * Gives back the memory of whole pages of a mapped file that nobody writes to; whoever reads them
   * again gets them from the file.
   */
  static void forget(MemorySegment mapped) {
    long skip = Math.floorMod(-mapped.address(), SMALL_PAGE);
    long bytes = (mapped.byteSize() - skip) / SMALL_PAGE * SMALL_PAGE;
    if (bytes > 0) {
      advise(mapped.asSlice(skip, bytes), ADVICE_NOT_NEEDED);
    }
  }

  private static void advise(MemorySegment pages, int advice) {
    try {
      int _ = (int) Handles.MADVISE.invokeExact(pages, pages.byteSize(), advice);
    } catch (Throwable e) {
      throw new IllegalStateException("madvise cannot be called", e);
    }
  }

  /** Gives the signal of Ctrl-C its default action: the process ends. */
  static void defaultInterrupt() {
    try {
      MemorySegment _ =
          (MemorySegment) Signals.SIGNAL.invokeExact(SIGNAL_INTERRUPT, MemorySegment.NULL);
    } catch (Throwable e) {
      throw new IllegalStateException("signal cannot be called", e);
    }
  }

  /** Sends this process the signal of Ctrl-C. */
  static void interrupt() {
    try {
      check("raise", (int) Signals.RAISE.invokeExact(SIGNAL_INTERRUPT));
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("raise cannot be called", e);
    }
  }

  /**
   * Machine code of the signature void(long, long) as a method without a change of thread state:
   * for what takes microseconds at most.
   *
   * @throws IllegalStateException if the system lets no memory be made executable
   */
  @SuppressWarnings("restricted") // that is what it is for
  static MethodHandle code(byte[] code) {
    MemorySegment page = map(4096);
    MemorySegment.copy(code, 0, page, ValueLayout.JAVA_BYTE, 0, code.length);
    try {
      // Never writable and executable at once.
      check("mprotect", (int) Handles.MPROTECT.invokeExact(page, 4096L, READ | EXECUTE));
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("mprotect cannot be called", e);
    }
    return Linker.nativeLinker()
        .downcallHandle(
            page,
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
            Linker.Option.critical(false));
  }

  private static void check(String call, int result) {
    if (result != 0) {
      throw new IllegalStateException("the system refuses %s".formatted(call));
    }
  }

  @SuppressWarnings("restricted") // mmap has given that many bytes
  private static MemorySegment sized(MemorySegment pages, long size) {
    return pages.reinterpret(size);
  }

  /**
   * Linked on first use, after {@link #obstacle} was asked. {@link Signals} are apart, which a
   * start would link in vain: each signature takes the JVM ten milliseconds.
   */
  private static final class Handles {
    static final MethodHandle MMAP =
        link(
            "mmap",
            FunctionDescriptor.of(
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG));
    static final MethodHandle MUNMAP =
        link(
            "munmap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    static final MethodHandle MPROTECT = link("mprotect", onPages());
    static final MethodHandle MADVISE = link("madvise", onPages());

    private static FunctionDescriptor onPages() {
      return FunctionDescriptor.of(
          ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    }
  }

  /** Linked on first use. */
  private static final class Signals {
    static final MethodHandle SIGNAL =
        link(
            "signal",
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    static final MethodHandle RAISE =
        link("raise", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  }

  @SuppressWarnings("restricted") // the signatures are POSIX's
  private static MethodHandle link(String name, FunctionDescriptor signature) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), signature);
  }
}
