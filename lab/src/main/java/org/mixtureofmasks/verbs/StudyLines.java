package org.mixtureofmasks.verbs;

import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.mixtureofmasks.study.StudyListener;

/** A study's progress as lines on stderr: one when a run begins, one when it ends. */
final class StudyLines implements StudyListener {
  private final PrintWriter err;

  StudyLines(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void progress(int done, int toDo, double secondsLeft, List<String> going) {
    String left =
        Double.isNaN(secondsLeft) ? "" : ", about " + ProgressLines.duration(secondsLeft) + " left";
    line(done + "/" + toDo + " runs done" + left + "; now " + String.join(" | ", going));
  }

  @Override
  public void ended(String run, Optional<Double> loss, String reason) {
    line(
        run
            + loss.map(nats -> String.format(Locale.ROOT, ": loss %.4f", nats))
                .orElse(" failed: " + reason));
  }

  private void line(String text) {
    err.println(LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS) + " " + text);
    err.flush();
  }
}
