package org.mixtureofmasks.nn;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Passes of a model that need nothing of one another, each on a thread of its own with libtorch's
 * operators on that one alone. Nothing waits for the slower half of an operator, and products in
 * fp32 use all cores although OpenBLAS has one thread ({@link Natives} says why).
 */
public final class SideBySide {
  private static final Executor THREADS =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("passes-", 0).factory());

  private SideBySide() {}

  /**
   * Runs passes, at most so many at once, and hands over what they give in their order, so that
   * what is summed up is the same whichever ends first. After a failure those that run are waited
   * for and none is begun.
   *
   * @param passes how many there are
   * @param threads at least 1; with 1 the caller's thread runs them, with all of its operators'
   *     threads
   * @param pass gives the result of a pass by its number, on a thread of its own
   * @param take is given each result on the caller's thread
   */
  public static <T> void inOrder(int passes, int threads, IntFunction<T> pass, Consumer<T> take) {
    if (threads == 1 || passes == 1) {
      for (int i = 0; i < passes; i++) {
        take.accept(pass.apply(i));
      }
      return;
    }
    Deque<CompletableFuture<T>> running = new ArrayDeque<>();
    try {
      for (int i = 0; i < passes; i++) {
        if (running.size() == threads) {
          take.accept(result(running.remove()));
        }
        int number = i;
        running.add(CompletableFuture.supplyAsync(() -> alone(pass, number), THREADS));
      }
      while (!running.isEmpty()) {
        take.accept(result(running.remove()));
      }
    } finally {
      running.forEach(SideBySide::await);
    }
  }

  private static <T> T alone(IntFunction<T> pass, int number) {
    Natives.settle(1);
    return pass.apply(number);
  }

  private static <T> T result(CompletableFuture<T> pass) {
    try {
      return pass.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException fault) {
        throw fault;
      }
      if (e.getCause() instanceof Error fault) {
        throw fault;
      }
      throw e;
    }
  }

  /** Until it is over, however it ends: its failure is told by an earlier one. */
  private static void await(CompletableFuture<?> pass) {
    pass.exceptionally(_ -> null).join();
  }
}
