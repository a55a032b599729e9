package org.mixtureofmasks.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A few threads that share out small pieces of work: between two regions of a layer lie
 * microseconds, so workers wait by spinning shortly, then yielding (other processes of a shared
 * machine go on), and park only when nothing came for a while: a parked hand-over costs some 60
 * microseconds. A caller that is done with its own part takes over the parts that no worker has
 * begun: on a busy machine, where workers are not scheduled in time, it is as quick as one thread.
 *
 * <p>May be shared by any number of callers: each posts its work, workers take parts of whatever is
 * posted, and every caller does what is left of its own. Nobody ever waits for a part that has not
 * begun, so callers cannot block each other, and a part may itself hand work to the team. Results
 * do not depend on who computes a part.
 */
public final class ThreadTeam implements AutoCloseable {
  private static final int SPINS = 200;
  private static final long PARK_AFTER_NANOS = 2_000_000;

  /** Works that are shared out at the same time; callers beyond do all parts themselves. */
  private static final int POSTS = 16;

  /** A piece of work in {@code parts} parts, each called once with its number. */
  @FunctionalInterface
  public interface Work {
    /** Does one part; part is in [0, parts). */
    void run(int part, int parts);
  }

  private final Worker[] workers;
  private final AtomicReferenceArray<Posted> posts = new AtomicReferenceArray<>(POSTS);

  /** Counts what was ever posted: a change tells workers to look. */
  private final AtomicInteger posted = new AtomicInteger();

  /** How often a worker has parked: between the regions of a pass none may. */
  private final AtomicInteger parks = new AtomicInteger();

  /**
   * @param threads of the team, the caller's included
   * @throws IllegalArgumentException if there are fewer than 1
   */
  public ThreadTeam(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("a team of %d threads".formatted(threads));
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

  /** How often workers have parked so far. */
  int parks() {
    return parks.get();
  }

  /** Runs all parts and returns when they are done; what a part throws is thrown here. */
  @SuppressWarnings("ThreadPriorityCheck") // other processes of a shared machine go on
  public void run(Work work) {
    int parts = threads();
    if (parts == 1) {
      work.run(0, 1);
      return;
    }
    Posted own = new Posted(work, parts);
    int at = post(own);
    perform(own, 0);
    int done = 1; // parts, by this thread
    for (int part = 1; part < parts; part++) {
      if (own.take(part)) {
        perform(own, part);
        done++;
      }
    }
    for (int i = 0; own.doneByWorkers() != parts - done; i++) {
      if (i < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    if (at >= 0) {
      posts.setRelease(at, null);
    }
    if (own.thrown instanceof RuntimeException e) {
      throw e;
    }
    if (own.thrown instanceof Error e) {
      throw e;
    }
  }

  /** Lets workers see it; where, or -1 if too much is posted already and the caller is alone. */
  private int post(Posted own) {
    for (int at = 0; at < POSTS; at++) {
      if (posts.get(at) == null && posts.compareAndSet(at, null, own)) {
        posted.getAndIncrement();
        for (Worker worker : workers) {
          worker.wake();
        }
        return at;
      }
    }
    return -1;
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

  /** One caller's work. Its first part is the caller's. */
  private static final class Posted {
    final Work work;
    final int parts;
    volatile @Nullable Throwable thrown; // one of those that parts threw

    /** By part: 1 once somebody has begun it; behind them how many workers have done. */
    private final AtomicIntegerArray state;

    Posted(Work work, int parts) {
      this.work = work;
      this.parts = parts;
      state = new AtomicIntegerArray(parts + 1);
      state.setPlain(0, 1);
    }

    /** Whether the part falls to whoever asks; false if somebody has begun it. */
    boolean take(int part) {
      return state.get(part) == 0 && state.compareAndSet(part, 0, 1);
    }

    void doneByAWorker() {
      state.getAndIncrement(parts);
    }

    int doneByWorkers() {
      return state.get(parts);
    }
  }

  private static void perform(Posted posted, int part) {
    try {
      posted.work.run(part, posted.parts);
    } catch (RuntimeException | Error e) {
      posted.thrown = e; // thrown by run() once all parts have ended
    }
  }

  /** A worker's: does one part that nobody has begun, {@code wanted} before others. */
  private static boolean help(Posted posted, int wanted) {
    for (int i = 0; i < posted.parts; i++) {
      int part = (wanted + i) % posted.parts;
      if (posted.take(part)) {
        perform(posted, part);
        posted.doneByAWorker();
        return true;
      }
    }
    return false;
  }

  private final class Worker extends Thread {
    private final int part;
    private volatile boolean parked;
    private volatile boolean ended;

    Worker(int part) {
      super("mom-team-" + part);
      this.part = part;
      setDaemon(true);
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      int seen = posted.get();
      while (awaitPost(seen)) {
        seen = posted.get(); // read before looking: what is posted meanwhile is looked at again
        lookRound();
      }
    }

    /** One part of each work that has one free, and again until none has: works take turns. */
    private void lookRound() {
      boolean found = true;
      while (found) {
        found = false;
        for (int i = 0; i < POSTS; i++) {
          Posted work = posts.get(i);
          found |= work != null && help(work, part);
        }
      }
    }

    /** False when the team has ended. */
    @SuppressWarnings("ThreadPriorityCheck") // a hint while spinning; nothing relies on it
    private boolean awaitPost(int seen) {
      long since = 0;
      for (int i = 0; posted.get() == seen; i++) {
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
          parks.getAndIncrement();
          // Looked at again after the flag is up, so that a post made between is not missed.
          if (posted.get() == seen && !ended) {
            LockSupport.park(this);
          }
          parked = false;
        }
      }
      return true;
    }
  }
}
