package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ScheduleTest {
  @Test
  void ratesRiseLinearlyThenFallAsACosineToTheFloor() {
    Schedule schedule = Schedule.of(100, 0.1, 0.05);
    assertEquals(0.1, schedule.factor(0), 1e-12);
    assertEquals(1.0, schedule.factor(9), 1e-12);
    assertEquals(1.0, schedule.factor(10), 1e-12);
    assertEquals(0.05 + 0.95 / 2, schedule.factor(55), 1e-12);
    assertEquals(0.05, schedule.factor(100), 1e-12);
  }

  @Test
  void withoutARiseTheFirstStepHasThePeak() {
    assertEquals(1.0, Schedule.of(10, 0, 0.05).factor(0));
    assertEquals(1.0, Schedule.of(1, 0, 0.05).factor(0));
  }
}
