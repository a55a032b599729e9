package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ThreadTeamTest {
  @Test
  void everyPartRunsOnceInEveryTurn() {
    try (ThreadTeam team = new ThreadTeam(3)) {
      for (int turn = 0; turn < 2000; turn++) {
        int[] runs = new int[3]; // the end of a turn makes them visible
        team.run((part, parts) -> runs[part]++);
        assertArrayEquals(new int[] {1, 1, 1}, runs, "turn " + turn);
      }
    }
  }

  @Test
  void aWorkerThatParkedWakesUp() throws InterruptedException {
    try (ThreadTeam team = new ThreadTeam(2)) {
      for (int turn = 0; turn < 5; turn++) {
        int[] runs = new int[2];
        team.run((part, parts) -> runs[part]++);
        assertEquals(1, runs[1]);
        Thread.sleep(20); // ten times as long as workers wait before they park
      }
    }
  }

  @Test
  void whatAPartThrowsReachesTheCallerAndTheTeamGoesOn() {
    try (ThreadTeam team = new ThreadTeam(2)) {
      for (int bad = 0; bad < 2; bad++) {
        int thrower = bad;
        IllegalStateException e =
            assertThrows(
                IllegalStateException.class,
                () ->
                    team.run(
                        (part, parts) -> {
                          if (part == thrower) {
                            throw new IllegalStateException("part " + part);
                          }
                        }));
        assertEquals("part " + thrower, e.getMessage());
      }
      int[] runs = new int[2];
      team.run((part, parts) -> runs[part]++);
      assertArrayEquals(new int[] {1, 1}, runs);
    }
  }

  /** More threads than processors: most workers come too late, and nobody waits for them. */
  @Test
  void partsThatNoWorkerBeginsAreDoneByTheCaller() {
    try (ThreadTeam team = new ThreadTeam(4 * Runtime.getRuntime().availableProcessors())) {
      int[] runs = new int[team.threads()];
      for (int turn = 0; turn < 1000; turn++) {
        team.run((part, parts) -> runs[part]++);
      }
      for (int count : runs) {
        assertEquals(1000, count);
      }
    }
  }

  @Test
  void aSecondCallerDoesItsWorkItselfInsteadOfWaiting() throws InterruptedException {
    AtomicIntegerArray runs = new AtomicIntegerArray(2);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (ThreadTeam team = new ThreadTeam(2)) {
      Thread first =
          new Thread(
              () ->
                  team.run(
                      (part, parts) -> {
                        held.countDown();
                        awaitQuietly(release);
                      }));
      first.start();
      held.await();
      team.run((part, parts) -> runs.incrementAndGet(part));
      release.countDown();
      first.join();
    }
    assertEquals(1, runs.get(0));
    assertEquals(1, runs.get(1));
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void rangesCoverAllItemsInOrder() {
    for (int total : new int[] {0, 1, 3, 4, 9, 172}) {
      for (int parts = 1; parts <= 4; parts++) {
        assertEquals(0, ThreadTeam.start(total, 0, parts, 4));
        assertEquals(total, ThreadTeam.start(total, parts, parts, 4));
        for (int part = 0; part < parts; part++) {
          int from = ThreadTeam.start(total, part, parts, 4);
          assertEquals(true, from <= ThreadTeam.start(total, part + 1, parts, 4));
          assertEquals(0, from % 4);
        }
      }
    }
  }
}
