package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The printer of progress, by a clock of the test's own. */
class ProgressLineTest {
  private final StringWriter printed = new StringWriter();
  private double now = 100;
  private ProgressLine line = plain();

  private ProgressLine plain() {
    return new ProgressLine(new PrintWriter(printed), false, () -> now);
  }

  @AfterEach
  void showNothingMore() {
    line.close();
  }

  /** Lets so many seconds pass; the longest time without a line. */
  private double silenceOf(double seconds) {
    double longest = 0;
    double since = now;
    int before = printed.getBuffer().length();
    for (double end = now + seconds; now < end; ) {
      now += 0.25;
      line.look();
      if (printed.getBuffer().length() > before) {
        longest = Math.max(longest, now - since);
        since = now;
        before = printed.getBuffer().length();
      }
    }
    return Math.max(longest, now - since);
  }

  private List<String> lines() {
    return printed.toString().lines().toList();
  }

  @Test
  void theFirstPhaseIsPrintedAtOnceAndALongCallIsNotSilent() {
    line.begin("loading", "tensors");
    assertEquals(List.of("loading"), lines());
    assertTrue(silenceOf(60) < 5);
    assertEquals("loading, 1:00 so far", lines().getLast());
  }

  @Test
  void whatIsCountedComesWithTheTimeLeftBySmoothedPace() {
    line.begin("preparing", "layers");
    for (int layer = 1; layer <= 10; layer++) {
      now += 3;
      line.at(layer, 30);
    }
    now += 1;
    line.look();
    assertEquals("preparing: 10 of 30 layers, about 0:59 left", lines().getLast());
    now += 5; // one layer of six seconds among those of three
    line.at(11, 30);
    line.look();
    assertEquals("preparing: 11 of 30 layers, about 1:14 left", lines().getLast());
  }

  @Test
  void theForecastCountsUntilSomethingIsDone() {
    line.begin("preparing", "layers");
    line.expect(90);
    now += 30;
    line.look();
    assertEquals("preparing, about 1:00 left", lines().getLast());
    line.at(1, 3);
    now += 4;
    line.look();
    assertEquals("preparing: 1 of 3 layers, about 0:56 left", lines().getLast());
    line.expect(Double.NaN);
    now += 4;
    line.look();
    assertEquals("preparing: 1 of 3 layers, about 0:52 left", lines().getLast());
  }

  @Test
  void whatWasDoneBeforeIsNotOfThePace() {
    line.begin("training", "steps");
    line.at(100, 110);
    now += 2;
    line.at(101, 110);
    now += 2;
    line.look();
    assertEquals("training: 101 of 110 steps, about 0:16 left", lines().getLast());
    assertEquals(0, line.next().orElseThrow());
  }

  @Test
  void shortPhasesPassUnseenAndALongOneIsNamedAfterASecond() {
    line.begin("reading", "");
    now += 0.1;
    line.begin("packing", "");
    now += 0.1;
    line.begin("loading", "");
    silenceOf(1.5);
    assertEquals(List.of("reading", "loading, 0:01 so far"), lines());
  }

  @Test
  void whatAShortPhaseHasComeToIsPrintedAsItEnds() {
    line.begin("training", "steps");
    now += 0.5;
    line.at(4, 4);
    line.detail("loss 3.2");
    line.begin("saving", "");
    assertEquals(List.of("training", "training: 4 of 4 steps  loss 3.2"), lines());
  }

  @Test
  void notesAreLinesOfTheirOwn() {
    line.begin("training", "steps");
    line.note("saved run/step-000007");
    assertTrue(silenceOf(20) < 5);
    assertEquals("saved run/step-000007", lines().get(1));
  }

  @Test
  void aWatchedLineIsWrittenAnewAndTakenAway() {
    line.close();
    line = new ProgressLine(new PrintWriter(printed), true, () -> now);
    line.begin("loading", "tensors");
    now += 1;
    line.look();
    line.note("a note");
    line.close();
    String anew = "\r\u001b[?7l%s\u001b[K\u001b[?7h";
    assertEquals(
        anew.formatted("loading")
            + anew.formatted("loading, 0:01 so far")
            + "\r\u001b[Ka note"
            + System.lineSeparator()
            + anew.formatted("loading, 0:01 so far")
            + "\r\u001b[K",
        printed.toString());
  }

  @Test
  void anInnerOneHidesTheOuterUntilItIsClosed() {
    assertEquals(line, ProgressLine.shown());
    try (ProgressLine inner = plain()) {
      assertEquals(inner, ProgressLine.shown());
    }
    assertEquals(line, ProgressLine.shown());
  }
}
