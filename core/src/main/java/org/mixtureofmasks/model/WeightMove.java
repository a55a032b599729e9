package org.mixtureofmasks.model;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.HugePages;
import org.mixtureofmasks.kernel.Matrix;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves weights from mapped files into huge pages while the model is in use already: a start need
 * not wait for memory, which a virtual machine may have to get from its host first (SmolLM2-135M
 * 0.7 s), and later tokens read faster. No bit of a result depends on where weights lie.
 */
final class WeightMove implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WeightMove.class);

  private final HugePages pages;
  private final List<Matrix> matrices = new ArrayList<>();
  private final Thread thread =
      Thread.ofPlatform().daemon().name("mom-weights").unstarted(this::run);
  private final AtomicBoolean begun = new AtomicBoolean();
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
    if (!begun.get()) {
      start();
    }
  }

  private synchronized void start() {
    if (begun.compareAndSet(false, true)) {
      thread.start();
    }
  }

  private void run() {
    try {
      for (Matrix matrix : matrices) {
        if (ended) {
          return;
        }
        pages.take(matrix);
      }
    } catch (OutOfMemoryError e) {
      LOG.warn("weights stay in the mapped file, where they are read slower: {}", e.getMessage());
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
    while (thread.isAlive()) {
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
