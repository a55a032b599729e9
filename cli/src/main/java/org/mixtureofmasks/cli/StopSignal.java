package org.mixtureofmasks.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.mixtureofmasks.kernel.Interrupts;

/**
 * While it is open, Ctrl-C and SIGTERM are answered at once by a line, and the work is asked to
 * end; the program waits until it has, and a second Ctrl-C ends it there and then. Whatever is
 * written is written beside its target, so that nothing is left half-written either way.
 */
public final class StopSignal implements AutoCloseable {
  /** A large model's step and checkpoint; whoever cannot wait presses again. */
  private static final long MOST_MINUTES = 10;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook;

  /**
   * What is said at once.
   *
   * @param line "finishing step 12, about 20 s", or what is kept: "stopped: nothing was written"
   * @param waits whether the program waits for the work to end
   */
  public record Answer(String line, boolean waits) {
    /** Ends the work where it is. */
    public static Answer now(String line) {
      return new Answer(line, false);
    }

    /** Ends the work when what is going on is done. */
    public static Answer afterwards(String line) {
      return new Answer(line, true);
    }
  }

  /**
   * Begins to listen.
   *
   * @param ask asks the work to end, if it is to be waited for
   */
  public StopSignal(Supplier<Answer> ask) {
    hook = new Thread(() -> answer(ask.get()), "stop");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * For work that is ended where it is.
   *
   * @param line what is kept: "stopped: nothing was written"
   */
  public static StopSignal atOnce(String line) {
    return new StopSignal(() -> Answer.now(line));
  }

  private void answer(Answer answer) {
    boolean again = answer.waits() && Interrupts.endAtOnce();
    Terminal.note(System.lineSeparator() + answer.line() + (again ? "; again to stop now" : ""));
    if (answer.waits()) {
      awaitEnd();
    } else {
      Interrupts.endNow();
    }
  }

  private void awaitEnd() {
    try {
      if (!ended.await(MOST_MINUTES, TimeUnit.MINUTES)) {
        Terminal.note("not ended within %s minutes: stopped where it is".formatted(MOST_MINUTES));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the JVM ends all the same
    }
  }

  /** The work has ended: nothing is left to wait for. */
  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is being shut down, which is what the hook is for.
    }
  }
}
