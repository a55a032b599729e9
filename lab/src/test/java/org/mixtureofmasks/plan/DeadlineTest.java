package org.mixtureofmasks.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Runs against a clock that only steps move. */
class DeadlineTest {
  private long now;
  private int replans;

  /** Steps of so many seconds each until the run ends; returns the seconds it took. */
  private double run(int planned, double budget, double... stepSeconds) {
    Deadline deadline = new Deadline((long) (budget * 1e9), () -> now);
    int steps = planned;
    for (int done = 1; done <= steps; done++) {
      double took = stepSeconds[Math.min(done - 1, stepSeconds.length - 1)];
      now += (long) (took * 1e9);
      if (done < steps) {
        int next = deadline.steps(done, steps, took);
        assertTrue(next > done);
        replans += next == steps ? 0 : 1;
        steps = next;
      }
    }
    return now / 1e9;
  }

  @Test
  void aRunAsFastAsForecastIsLeftAlone() {
    assertEquals(100, run(100, 100.5, 1.0), 1e-6);
    assertEquals(0, replans);
  }

  @Test
  void aSlowerMachineGetsFewerStepsAndEndsInTime() {
    double took = run(100, 100, 1.6);
    assertTrue(took <= 101.6 && took > 92, "took " + took);
    assertTrue(replans > 0 && replans < 8, "replanned " + replans);
  }

  @Test
  void aFasterMachineGetsMoreSteps() {
    double took = run(100, 100, 0.5);
    assertTrue(took <= 101 && took > 92, "took " + took);
  }

  @Test
  void slowFirstStepsAreNotTakenForAll() {
    assertEquals(104, run(100, 104.5, 4.0, 2.0, 1.0), 1e-6);
    assertEquals(0, replans);
  }

  @Test
  void whenTheTimeIsOverOneLastStepIsTaken() {
    assertEquals(44, run(100, 20, 4.0, 4.0, 4.0, 28.0, 4.0), 1e-6);
  }
}
