package org.mixtureofmasks.model;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.HugePages;
import org.mixtureofmasks.kernel.Matrix;

/**
 * Moves weights from mapped files into huge pages while the model is in use already: a start need
 * not wait for memory, which a virtual machine may have to get from its host first (SmolLM2-135M
 * 0.7 s), and later tokens read faster. No bit of a result depends on where weights lie.
 */
final class WeightMove implements AutoCloseable {
  private final HugePages pages;
  private final List<Matrix> matrices = new ArrayList<>();
  private @Nullable Thread thread;
  private volatile boolean begun;
  private volatile boolean ended;

  /**
   * @param pages where weights go to; nobody else gets memory there once it has begun
   */
  WeightMove(HugePages pages) {
    this.pages = pages;
  }

  /** A matrix in a mapped file, to be moved. */
  Matrix matrix(MemorySegment mapped, int rows, int columns, Format format) {
    Matrix matrix = new Matrix(pages.like(mapped), rows, columns, format);
    matrices.add(matrix);
    return matrix;
  }

  /** Begins on a thread of its own unless it has begun already; costs nothing then. */
  void begin() {
    if (!begun) {
      start();
    }
  }

  private synchronized void start() {
    if (!begun) {
      begun = true;
      thread = Thread.ofPlatform().daemon().name("mom-weights").start(this::run);
    }
  }

  private void run() {
    for (Matrix matrix : matrices) {
      if (ended) {
        return;
      }
      pages.take(matrix);
    }
  }

  /** Begins if it has not yet, and waits until all weights are moved. */
  void finish() {
    begin();
    join();
  }

  /** Ends after the matrix that is being moved; the rest stays where it is. */
  @Override
  public void close() {
    ended = true;
    join();
  }

  private synchronized void join() {
    boolean interrupted = false;
    while (thread != null && thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true; // told to whoever waits next
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
