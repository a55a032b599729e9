package org.mixtureofmasks.kernel;

import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

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

  private static final Link LINK = link(System.getProperty(PROPERTY));
  private static final @Nullable MethodHandle LINES = LINK.lines;

  /** What came of it. */
  record Link(@Nullable MethodHandle lines, String reason) {}

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
  public static void lines(long from, long to) {
    if (LINES == null) {
      return;
    }
    try {
      LINES.invokeExact(from, to);
    } catch (Throwable e) {
      throw new IllegalStateException("the prefetch loop cannot be called", e);
    }
  }

  static Link link(@Nullable String wish) {
    if (wish != null && !wish.equals("on")) {
      String known = wish.equals("off") ? "" : ", which means off (use on or off)";
      return new Link(null, "no software prefetch: -D" + PROPERTY + "=" + wish + known);
    }
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    if (!arch.equals("amd64") && !arch.equals("x86_64")) {
      return new Link(null, "no software prefetch on " + arch);
    }
    if (NativeCalls.obstacle() != null) {
      return new Link(null, "no software prefetch: " + NativeCalls.obstacle());
    }
    try {
      return new Link(NativeCalls.code(CODE), "software prefetch");
    } catch (IllegalStateException e) {
      return new Link(null, "no software prefetch: " + e.getMessage());
    }
  }
}
