package org.mixtureofmasks.kernel;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/**
 * Asks the CPU for cache lines before they are read. The hardware does so by itself along one
 * stream, but starts anew at each page and at each jump from one neuron to the next. Java has no
 * such instruction, so a loop of 13 bytes of machine code is called (x86-64 Linux; elsewhere there
 * is none and reads take the time they take). It changes no result and cannot fail: the instruction
 * ignores addresses that are not mapped.
 */
public final class Prefetch {
  /** System property: "off" declines. */
  public static final String PROPERTY = "mom.prefetch";

  private static final int LINE = 64;

  /**
   * Into the second-level cache, where more reads can be under way than in the first: on a Zen 4,
   * records of 3.4 KB with gaps between them came at 18 GB/s, with prefetcht0 at 11, with none at
   * 10, where one long stream comes at 26.
   *
   * <pre>
   * loop: prefetcht1 [rdi]
   *       add  rdi, 64
   *       cmp  rdi, rsi
   *       jb   loop
   *       ret
   * </pre>
   */
  private static final byte[] CODE = {
    0x0F,
    0x18,
    0x17,
    0x48,
    (byte) 0x83,
    (byte) 0xC7,
    LINE,
    0x48,
    0x39,
    (byte) 0xF7,
    0x72,
    (byte) 0xF4,
    (byte) 0xC3
  };

  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int EXECUTE = 4;
  private static final int PRIVATE_ANONYMOUS = 0x22;

  private static final Link LINK = link(System.getProperty(PROPERTY));
  private static final MethodHandle LINES = LINK.lines;

  /** What came of it. */
  record Link(MethodHandle lines, String reason) {}

  private Prefetch() {}

  /** Whether lines are fetched ahead. */
  public static boolean available() {
    return LINES != null;
  }

  /** In a few words, for logs: "software prefetch", or why there is none. */
  public static String description() {
    return LINK.reason;
  }

  /** Asks for the lines of [from, to), addresses; returns at once. */
  static void lines(long from, long to) {
    if (LINES == null) {
      return;
    }
    try {
      LINES.invokeExact(from, to);
    } catch (Throwable e) {
      throw new IllegalStateException("the prefetch loop cannot be called", e);
    }
  }

  static Link link(String wish) {
    if (wish != null && !wish.equals("on")) {
      String known = wish.equals("off") ? "" : ", which means off (use on or off)";
      return new Link(null, "no software prefetch: -D" + PROPERTY + "=" + wish + known);
    }
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    if (!os.equals("Linux") || !(arch.equals("amd64") || arch.equals("x86_64"))) {
      return new Link(null, "no software prefetch on " + os + " " + arch);
    }
    if (!Prefetch.class.getModule().isNativeAccessEnabled()) {
      return new Link(
          null,
          "no software prefetch: java was not started with --enable-native-access="
              + (Prefetch.class.getModule().isNamed()
                  ? Prefetch.class.getModule().getName()
                  : "ALL-UNNAMED"));
    }
    try {
      return new Link(linked(), "software prefetch");
    } catch (Throwable e) {
      return new Link(null, "no software prefetch: " + e.getMessage());
    }
  }

  @SuppressWarnings("restricted") // calls into the C library and its own 13 bytes
  private static MethodHandle linked() throws Throwable {
    Linker linker = Linker.nativeLinker();
    SymbolLookup c = linker.defaultLookup();
    MethodHandle mmap =
        linker.downcallHandle(
            c.findOrThrow("mmap"),
            FunctionDescriptor.of(
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG));
    MethodHandle mprotect =
        linker.downcallHandle(
            c.findOrThrow("mprotect"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT));
    long size = 4096;
    MemorySegment page =
        (MemorySegment)
            mmap.invokeExact(MemorySegment.NULL, size, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
    if (page.address() == -1) {
      throw new IllegalStateException("no memory for it");
    }
    MemorySegment.copy(CODE, 0, page.reinterpret(size), ValueLayout.JAVA_BYTE, 0, CODE.length);
    // Never writable and executable at once.
    if ((int) mprotect.invokeExact(page, size, READ | EXECUTE) != 0) {
      throw new IllegalStateException("this system lets no memory be made executable");
    }
    return linker.downcallHandle(
        page,
        FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
        Linker.Option.critical(false));
  }
}
