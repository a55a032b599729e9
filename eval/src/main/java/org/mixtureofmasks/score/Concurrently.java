package org.mixtureofmasks.score;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import org.mixtureofmasks.io.Progress;

/** Many calls that mostly wait, several at a time, on virtual threads. */
final class Concurrently {
  private record Result<T>(int index, T value) {}

  private Concurrently() {}

  /**
   * Calls {@code work} for 0 .. n - 1 and returns its values in this order. What a call or the
   * progress throws ends the others and is thrown here.
   *
   * @throws CancellationException if the thread is interrupted; it is so still
   */
  static <T> List<T> map(int n, int most, IntFunction<T> work, Progress progress) {
    List<T> values = new ArrayList<>(Collections.nCopies(n, null));
    try (ExecutorService threads =
        Executors.newFixedThreadPool(most, Thread.ofVirtual().factory())) {
      try {
        ExecutorCompletionService<Result<T>> results = new ExecutorCompletionService<>(threads);
        for (int i = 0; i < n; i++) {
          int index = i;
          results.submit(() -> new Result<>(index, work.apply(index)));
        }
        for (int done = 1; done <= n; done++) {
          Result<T> result = results.take().get();
          values.set(result.index(), result.value());
          progress.at(done, n);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("the work was interrupted");
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw new IllegalStateException(e.getCause());
      } finally {
        threads.shutdownNow(); // nothing is under way any more, unless something failed
      }
    }
    return values;
  }
}
