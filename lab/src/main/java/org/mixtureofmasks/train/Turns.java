package org.mixtureofmasks.train;

import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sums that passes which run at once add to part by part, each in the order of the passes: what
 * comes out is the same whichever is first.
 */
final class Turns {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moved = lock.newCondition();

  /** By part: the pass whose turn it is. */
  private final int[] next;

  private int failed = Integer.MAX_VALUE;

  /**
   * @param parts how many sums there are
   */
  Turns(int parts) {
    this.next = new int[parts];
  }

  /**
   * Adds to a part, once all passes before this one have.
   *
   * @param pass from 0, each once for each part
   * @throws CancellationException if one of those before has failed
   */
  void take(int part, int pass, Runnable add) {
    lock.lock();
    try {
      while (next[part] != pass) {
        if (failed < pass) {
          throw new CancellationException("pass %d has failed".formatted(failed));
        }
        moved.awaitUninterruptibly();
      }
      add.run();
      next[part]++;
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the passes that would wait for this one, which comes to no end. */
  void fail(int pass) {
    lock.lock();
    try {
      failed = Math.min(failed, pass);
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
