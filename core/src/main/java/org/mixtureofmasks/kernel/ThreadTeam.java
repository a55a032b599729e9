package org.mixtureofmasks.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

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

  /** Runs all parts and returns when they are done; what a part throws is thrown here. */
  public void run(Work work) {
    int parts = threads();
    int at = parts == 1 ? -1 : freePost();
    if (at < 0) {
      for (int part = 0; part < parts; part++) {
        work.run(part, parts);
      }
      return;
    }
    Posted own = new Posted(work, parts);
    if (posts.compareAndSet(at, null, own)) {
      posted.getAndIncrement();
      for (Worker worker : workers) {
        worker.wake();
      }
    }
    for (int part = 0; part < parts; part++) {
      runIfFree(own, part);
    }
    awaitEnd(own);
    posts.compareAndSet(at, own, null);
    Throwable thrown = own.thrown.get();
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }

  /** A place for a work, -1 if there is none; another caller may be faster. */
  private int freePost() {
    for (int i = 0; i < POSTS; i++) {
      if (posts.get(i) == null) {
        return i;
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

  /** One caller's work. */
  private static final class Posted {
    final Work work;
    final AtomicIntegerArray taken; // by part: 1 once somebody has begun it
    final AtomicInteger open; // parts that are not done
    final AtomicReference<Throwable> thrown = new AtomicReference<>();

    Posted(Work work, int parts) {
      this.work = work;
      taken = new AtomicIntegerArray(parts);
      open = new AtomicInteger(parts);
    }
  }

  /** Runs a part unless somebody else has begun it; whether it did. */
  private static boolean runIfFree(Posted posted, int part) {
    if (posted.taken.get(part) != 0 || !posted.taken.compareAndSet(part, 0, 1)) {
      return false;
    }
    try {
      posted.work.run(part, posted.taken.length());
    } catch (RuntimeException | Error e) {
      posted.thrown.compareAndSet(null, e); // thrown by run() once all parts have ended
    }
    posted.open.getAndDecrement();
    return true;
  }

  /** Runs one part that nobody has begun, {@code wanted} before others; false if there is none. */
  private static boolean runAny(Posted posted, int wanted) {
    int parts = posted.taken.length();
    for (int i = 0; i < parts; i++) {
      if (runIfFree(posted, (wanted + i) % parts)) {
        return true;
      }
    }
    return false;
  }

  /** Waits for the parts that workers have begun. */
  private static void awaitEnd(Posted posted) {
    for (int i = 0; posted.open.get() != 0; i++) {
      if (i < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
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
          found |= work != null && runAny(work, part);
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
