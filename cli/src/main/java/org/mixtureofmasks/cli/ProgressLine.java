package org.mixtureofmasks.cli;

import java.text.DecimalFormat;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Progress with speed and time left on stderr, when somebody watches; otherwise nothing. */
public final class ProgressLine implements AutoCloseable {
  private static final int MILLIS_BETWEEN_UPDATES = 500;

  private final @Nullable ProgressBar bar;

  private ProgressLine(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * @param task what is being done, a word or two
   * @param unit what is counted, such as "tokens"
   */
  public static ProgressLine start(String task, String unit) {
    if (!Terminal.watched()) {
      return new ProgressLine(null);
    }
    return new ProgressLine(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setUnit(" " + unit, 1)
            .showSpeed(new DecimalFormat("0"))
            .setInitialMax(-1) // known with the first report
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(MILLIS_BETWEEN_UPDATES)
            .clearDisplayOnFinish()
            .build());
  }

  /** Sets how far the work is. */
  public void at(long done, long total) {
    if (bar != null) {
      bar.maxHint(total);
      bar.stepTo(done);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
