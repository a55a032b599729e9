package org.mixtureofmasks.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Something that is opened on a thread of its own while the caller opens something else.
 *
 * @param <T> what it is; closed with this object
 */
final class Beside<T extends AutoCloseable> implements AutoCloseable {
  private final FutureTask<T> opening;

  /** Begins at once. */
  Beside(Callable<T> open) {
    opening = new FutureTask<>(open);
    Thread.ofPlatform().daemon().name("mom-beside").start(opening);
  }

  /** Whether {@link #get} would not wait. */
  boolean isDone() {
    return opening.isDone();
  }

  /** Waits for it; what opening threw is thrown here. */
  T get() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return opening.get();
        } catch (InterruptedException e) {
          interrupted = true; // told to whoever waits next
        } catch (ExecutionException e) {
          if (e.getCause() instanceof RuntimeException thrown) {
            throw thrown;
          }
          if (e.getCause() instanceof Error thrown) {
            throw thrown;
          }
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Waits until it is open, to close it; what could not be opened needs no closing. */
  @Override
  public void close() {
    T opened;
    try {
      opened = get();
    } catch (RuntimeException e) {
      return; // get() told it to whoever asked for it
    }
    try {
      opened.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
