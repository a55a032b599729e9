package org.mixtureofmasks.ledger;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Measures phases while they go on: time by a clock, memory by looking every 50 ms. One phase at a
 * time; one that comes again is added to. Peaks between two looks are missed, so that the peak of
 * the whole is the kernel's own.
 */
public final class PhaseClock implements AutoCloseable {
  private static final long LOOK_MILLIS = 50;

  private static final class Entry {
    private double seconds;
    private long memory;
  }

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Thread looking;
  private @Nullable Entry current;
  private long since;

  /** Begins to look; no phase goes on yet. */
  public PhaseClock() {
    looking = Thread.ofPlatform().daemon().name("phase-clock").start(this::lookOnAndOn);
  }

  private void lookOnAndOn() {
    try {
      while (true) {
        look();
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private synchronized void look() {
    if (current != null) {
      current.memory = Math.max(current.memory, ResidentMemory.now().orElse(0));
    }
  }

  /**
   * Ends the phase that goes on and begins another.
   *
   * @param phase its name; what it took before is added to
   */
  public synchronized void begin(String phase) {
    end();
    current = entries.computeIfAbsent(phase, _ -> new Entry());
    since = System.nanoTime();
    look();
  }

  /** Ends the phase that goes on, if any. */
  public synchronized void end() {
    if (current != null) {
      look();
      current.seconds += (System.nanoTime() - since) / 1e9;
      current = null;
    }
  }

  /**
   * {@return phases so far, in the order in which they first began; the one that goes on up to now}
   */
  public synchronized List<Measured> measured() {
    List<Measured> all = new ArrayList<>();
    entries.forEach(
        (name, e) -> {
          double running = e == current ? (System.nanoTime() - since) / 1e9 : 0;
          all.add(new Measured(name, e.memory, e.seconds + running));
        });
    return all;
  }

  /** Ends the phase that goes on and looks no more. */
  @Override
  public void close() {
    end();
    looking.interrupt();
  }
}
