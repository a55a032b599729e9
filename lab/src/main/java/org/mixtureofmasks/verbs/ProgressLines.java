package org.mixtureofmasks.verbs;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.mixtureofmasks.train.TrainingListener;
import org.mixtureofmasks.train.Validation;

/** A run's progress as lines on stderr: one each second at most, and every event. */
final class ProgressLines implements TrainingListener {
  private static final long INTERVAL = 1_000_000_000L;

  private final PrintWriter err;
  private long last;

  ProgressLines(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void note(String what) {
    line("%s", what);
  }

  @Override
  public void step(Progress p) {
    long now = System.nanoTime();
    if (p.step() < p.steps() && p.step() > 1 && now - last < INTERVAL) {
      return;
    }
    last = now;
    line(
        "step %d/%d  loss %.4f  lr %.2e%s  %.0f tokens/s  %s left",
        p.step(),
        p.steps(),
        p.loss(),
        p.learningRate(),
        density(p.method()),
        p.tokensPerSecond(),
        duration(p.secondsLeft()));
  }

  @Override
  public void validated(int step, Validation.Result result) {
    StringBuilder files = new StringBuilder();
    result
        .byFile()
        .forEach((name, loss) -> files.append(String.format(Locale.ROOT, "  %s %.4f", name, loss)));
    line("step %d  validation loss %.4f %s", step, result.mean(), files);
  }

  @Override
  public void saved(Path checkpoint) {
    line("saved %s", checkpoint);
  }

  private static String density(Map<String, Object> figures) {
    return figures.get("expected_density") instanceof Number d
        ? String.format(Locale.ROOT, "  density %.3f", d.doubleValue())
        : "";
  }

  /** 95 -> "1:35", 7260 -> "2:01:00". */
  static String duration(double seconds) {
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }

  private void line(String format, Object... arguments) {
    err.println(String.format(Locale.ROOT, format, arguments));
    err.flush();
  }
}
