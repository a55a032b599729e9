package org.mixtureofmasks.verbs;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.mixtureofmasks.train.Trainer;

/**
 * While it is open, Ctrl-C and SIGTERM end a training run after the step that is going on, saved,
 * instead of within libtorch's code.
 */
final class StopSignal implements AutoCloseable {
  /** A large model's step and checkpoint; whoever cannot wait sends SIGKILL and resumes. */
  private static final long MOST_MINUTES = 10;

  private final CountDownLatch trained = new CountDownLatch(1);
  private final Thread hook;

  StopSignal(Trainer trainer) {
    hook =
        new Thread(
            () -> {
              trainer.stop();
              try {
                trained.await(MOST_MINUTES, TimeUnit.MINUTES);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the JVM ends all the same
              }
            },
            "stop-training");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Training has ended: nothing is left to wait for. */
  @Override
  public void close() {
    trained.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is being shut down, which is what the hook is for.
    }
  }
}
