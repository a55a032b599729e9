package org.mixtureofmasks.kernel;

/** What Ctrl-C does to a program that is ending already, which Java gives no say in. */
public final class Interrupts {
  private Interrupts() {}

  /**
   * From now on Ctrl-C ends the process at once, whatever its threads are at; Java itself takes no
   * second one while it is ending.
   *
   * @return whether that could be arranged
   */
  public static boolean endAtOnce() {
    if (NativeCalls.obstacle() != null) {
      return false;
    }
    NativeCalls.defaultInterrupt();
    return true;
  }

  /**
   * Ends the process here and now as Ctrl-C does. The C library's own way out, which Java takes,
   * takes down the data of libraries whose threads are at work, and they may crash of it.
   */
  public static void endNow() {
    if (endAtOnce()) {
      NativeCalls.interrupt();
    }
  }
}
