package org.mixtureofmasks.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A few threads that share out small pieces of work: between two regions of a layer lie
 * microseconds, so workers wait by spinning shortly, then yielding (other processes of a shared
 * machine go on), and park only when nothing came for a while: a parked hand-over costs some 60
 * microseconds. A caller that is done with its own part takes over the parts that no worker has
 * begun: on a busy machine, where workers are not scheduled in time, it is as quick as one thread.
 *
 * <p>May be shared: when another caller's work is under way, a caller does all parts itself, with
 * the same results, instead of waiting.
 */
public final class ThreadTeam implements AutoCloseable {
  private static final int SPINS = 200;
  private static final long PARK_AFTER_NANOS = 2_000_000;

  /** A piece of work in {@code parts} parts, each called once with its number. */
  @FunctionalInterface
  public interface Work {
    void run(int part, int parts);
  }

  private final ReentrantLock busy = new ReentrantLock();
  private final Worker[] workers;

  // Written by the caller that holds the lock, before the workers' turn is raised (volatile).
  private Work work;

  /** A team of {@code threads} threads, the caller's included; at least 1. */
  public ThreadTeam(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("a team of " + threads + " threads");
    }
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
      workers[i].start();
    }
  }

  /** Threads, the caller's included: the number of parts of each {@link #run}. */
  public int threads() {
    return workers.length + 1;
  }

  /** Runs all parts and returns when they are done; what a part throws is thrown here. */
  public void run(Work task) {
    int parts = threads();
    if (parts == 1 || !busy.tryLock()) {
      for (int part = 0; part < parts; part++) {
        task.run(part, parts);
      }
      return;
    }
    try {
      if (busy.getHoldCount() > 1) {
        throw new IllegalStateException("a part of a team's work may not hand work to the team");
      }
      work = task;
      for (Worker worker : workers) {
        worker.begin();
      }
      Throwable thrown = null;
      try {
        task.run(0, parts);
      } catch (RuntimeException | Error e) {
        thrown = e;
      }
      for (Worker worker : workers) {
        Throwable other = worker.claim(worker.turn) ? worker.perform() : worker.await();
        thrown = thrown == null ? other : thrown;
      }
      work = null;
      if (thrown instanceof RuntimeException e) {
        throw e;
      }
      if (thrown instanceof Error e) {
        throw e;
      }
    } finally {
      busy.unlock();
    }
  }

  /** The first of {@code total} items that belong to {@code part}, in steps of {@code multiple}. */
  public static int start(int total, int part, int parts, int multiple) {
    if (part >= parts) {
      return total;
    }
    return (int) ((long) total * part / parts / multiple * multiple);
  }

  /** Ends the threads once their present work is done. */
  @Override
  public void close() {
    for (Worker worker : workers) {
      worker.ended = true;
      LockSupport.unpark(worker);
    }
  }

  private final class Worker extends Thread {
    private final int part;
    private volatile int turn;
    private volatile int done;

    /** The last turn that somebody, the worker or the caller, has taken up. */
    private final AtomicInteger claimed = new AtomicInteger();

    private volatile boolean parked;
    private volatile boolean ended;
    private Throwable thrown;

    Worker(int part) {
      super("mom-team-" + part);
      this.part = part;
      setDaemon(true);
    }

    /** Called by the owner of the lock: the worker's turn has come. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer: the owner of the lock
    void begin() {
      turn = turn + 1;
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    /** Whether the turn falls to whoever asks; fails when it was taken or is past. */
    boolean claim(int wanted) {
      return claimed.compareAndSet(wanted - 1, wanted);
    }

    /** Runs the part on this thread; returns what it threw, or null. */
    Throwable perform() {
      try {
        work.run(part, threads());
        return null;
      } catch (RuntimeException | Error e) {
        return e; // thrown by run() once all parts have ended
      }
    }

    /** Waits for the end of the turn; returns what the part threw, or null. */
    @SuppressWarnings("ThreadPriorityCheck") // a hint while spinning; nothing relies on it
    Throwable await() {
      int mine = turn;
      for (int i = 0; done != mine; i++) {
        if (i < SPINS) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
        }
      }
      Throwable result = thrown;
      thrown = null;
      return result;
    }

    @Override
    public void run() {
      int seen = 0;
      while (awaitTurn(seen)) {
        seen = turn;
        if (claim(seen)) {
          thrown = perform();
          done = seen;
        }
      }
    }

    /** False when the team has ended. */
    @SuppressWarnings("ThreadPriorityCheck") // a hint while spinning; nothing relies on it
    private boolean awaitTurn(int seen) {
      long since = 0;
      for (int i = 0; turn == seen; i++) {
        if (ended) {
          return false;
        }
        if (i < SPINS) {
          Thread.onSpinWait();
        } else if (i == SPINS || System.nanoTime() - since < PARK_AFTER_NANOS) {
          since = i == SPINS ? System.nanoTime() : since;
          Thread.yield();
        } else {
          parked = true;
          // Looked at again after the flag is up, so that a turn raised between is not missed.
          if (turn == seen && !ended) {
            LockSupport.park(this);
          }
          parked = false;
        }
      }
      return true;
    }
  }
}
