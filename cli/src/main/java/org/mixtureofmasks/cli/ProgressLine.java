package org.mixtureofmasks.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.Progress;

/**
 * How far the work is, on stderr: the only printer of progress. Where somebody watches, one line
 * that is written anew; elsewhere a line at least every five seconds, which says the last that is
 * known, so that a long call of native code is not silent either.
 *
 * <p>One is shown at a time: what is opened within another one hides it until it is closed.
 */
public final class ProgressLine implements Progress, AutoCloseable {
  /** Between two looks, milliseconds: a watched line lives. */
  private static final long LOOK = 250;

  /** Between two lines of one phase, seconds: five at most, on a machine that is busy too. */
  private static final double REPEAT = 3;

  /** Between lines of different phases, seconds: short ones pass unseen. */
  private static final double SETTLE = 1;

  /** To the first column, long lines cut at the edge. */
  private static final String BEGIN = "\r\u001b[?7l";

  /** The rest of the line empty, long lines wrapped again. */
  private static final String END = "\u001b[K\u001b[?7h";

  private static final AtomicReference<@Nullable ProgressLine> SHOWN = new AtomicReference<>();

  private final PrintWriter to;
  private final boolean watched;
  private final DoubleSupplier seconds;
  private final @Nullable ProgressLine outer;

  private String phase = "";
  private String unit = "";
  private String detail = "";
  private long done;
  private long total;
  private double begun;
  private TimeLeft time;

  /** When a line was last printed. */
  private double printed = Double.NEGATIVE_INFINITY;

  /** Whether the phase has been printed. */
  private boolean announced;

  /** Whether what was last heard has been printed. */
  private boolean told;

  private boolean closed;

  /**
   * @param watched whether the line is written anew
   * @param seconds a clock
   */
  ProgressLine(PrintWriter to, boolean watched, DoubleSupplier seconds) {
    this.to = to;
    this.watched = watched;
    this.seconds = seconds;
    this.time = new TimeLeft(seconds.getAsDouble());
    this.outer = SHOWN.getAndSet(this);
  }

  /**
   * Begins to show work, its first phase at once.
   *
   * @param phase what is being done, a word or two
   * @param unit what is counted, such as "tokens"; empty for nothing
   */
  public static ProgressLine start(String phase, String unit) {
    return start(new PrintWriter(System.err, true, System.err.charset()), phase, unit);
  }

  /** The same on a verb's own way out. */
  public static ProgressLine start(PrintWriter to, String phase, String unit) {
    ProgressLine line = new ProgressLine(to, Terminal.watched(), () -> System.nanoTime() * 1e-9);
    line.begin(phase, unit);
    Thread.ofPlatform().daemon().name("progress").start(line::lookOnAndOn);
    return line;
  }

  /** The one that is shown, or null. */
  static @Nullable ProgressLine shown() {
    return SHOWN.get();
  }

  @Override
  public synchronized void begin(String newPhase, String newUnit) {
    last();
    double now = seconds.getAsDouble();
    phase = newPhase;
    unit = newUnit;
    detail = "";
    done = 0;
    total = 0;
    begun = now;
    time = new TimeLeft(now);
    announced = false;
    told = false;
    if (now - printed >= SETTLE) {
      print(now);
    }
  }

  @Override
  public synchronized void at(long newDone, long newTotal) {
    done = newDone;
    total = newTotal;
    time.at(newDone, newTotal, seconds.getAsDouble());
    told = false;
  }

  @Override
  public synchronized void detail(String text) {
    detail = text;
    told = false;
  }

  /**
   * What is left of the phase by somebody who knows better than its pace tells: a forecast.
   *
   * @param left seconds; NaN when nobody knows
   */
  public synchronized void expect(double left) {
    if (!Double.isNaN(left)) {
      time.say(left, seconds.getAsDouble());
    }
  }

  @Override
  public synchronized void note(String line) {
    clear();
    to.println(line);
    to.flush();
    printed = seconds.getAsDouble();
    if (watched) {
      print(printed);
    }
  }

  /** Seconds until the next unit of the phase is done, as far as its pace tells. */
  public synchronized OptionalDouble next() {
    return time.next(seconds.getAsDouble());
  }

  /** What is done of the phase. */
  public synchronized long done() {
    return done;
  }

  /** Prints what has become due. */
  synchronized void look() {
    double now = seconds.getAsDouble();
    double since = now - printed;
    if (!closed && (watched || since >= REPEAT || !announced && since >= SETTLE)) {
      print(now);
    }
  }

  private void lookOnAndOn() {
    try {
      while (!closed()) {
        Thread.sleep(LOOK);
        if (SHOWN.get() == this) {
          look();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean closed() {
    return closed;
  }

  private void print(double now) {
    if (watched) {
      to.print(BEGIN + line(now) + END);
    } else {
      to.println(line(now));
    }
    to.flush();
    printed = now;
    announced = true;
    told = true;
  }

  /** What a phase with details came to is not lost, however short it was. */
  private void last() {
    if (!watched && !detail.isEmpty() && !told) {
      print(seconds.getAsDouble());
    }
  }

  /** Takes the line away, until something is printed again. */
  synchronized void hide() {
    clear();
    to.flush();
  }

  private void clear() {
    if (watched) {
      to.print("\r\u001b[K");
    }
  }

  private String line(double now) {
    StringBuilder line = new StringBuilder(phase);
    if (total > 0) {
      line.append(": ").append(done).append(" of ").append(total).append(' ').append(unit);
    }
    if (!detail.isEmpty()) {
      line.append("  ").append(detail);
    }
    OptionalDouble left = time.left(now);
    if (left.isPresent() && (total == 0 || done < total)) {
      line.append(", about ").append(duration(Math.max(1, left.getAsDouble()))).append(" left");
    } else if (now - begun >= SETTLE && (total == 0 || done < total)) {
      line.append(", ").append(duration(now - begun)).append(" so far");
    }
    return line.toString();
  }

  /** 95 -> "1:35", 7260 -> "2:01:00". */
  public static String duration(double seconds) {
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }

  @Override
  public void close() {
    end();
  }

  /** Shows nothing more: what follows on stdout is the result. */
  public synchronized void end() {
    if (!closed) {
      closed = true;
      last();
      clear();
      to.flush();
      SHOWN.compareAndSet(this, outer);
    }
  }
}
