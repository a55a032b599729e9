package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** Only a caller that keeps them waiting for long, since it was not scheduled say, lets them. */
  @Test
  void noWorkerParksBetweenTurnsThatFollowEachOther() {
    try (ThreadTeam team = new ThreadTeam(3)) {
      team.run((part, parts) -> {});
      int before = team.parks();
      int pauses = 0;
      long last = System.nanoTime();
      for (int turn = 0; turn < 20_000; turn++) {
        team.run((part, parts) -> {});
        long now = System.nanoTime();
        pauses += now - last > 1_000_000 ? 1 : 0; // half of what workers wait before they park
        last = now;
      }
      int parked = team.parks() - before;
      assertTrue(parked <= 2 * (pauses + 1), parked + " parked in " + pauses + " pauses");
      assertTrue(pauses < 5_000, "the machine was too busy to tell");
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
  void aCallerDoesItsWorkItselfWhereAllWorkersAreHeld() throws InterruptedException {
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

  /** More callers than works can be shared out at once, some of whose parts fail. */
  @Test
  void manyCallersGetTheirOwnResultsAndTheirOwnExceptions() throws InterruptedException {
    int callers = 24;
    AtomicIntegerArray wrong = new AtomicIntegerArray(callers);
    try (ThreadTeam team = new ThreadTeam(4)) {
      Thread[] threads = new Thread[callers];
      for (int c = 0; c < callers; c++) {
        int caller = c;
        threads[c] = new Thread(() -> wrong.set(caller, turns(team, caller)));
        threads[c].start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals("0".repeat(callers), wrong.toString().replaceAll("[^0-9]", ""));
    }
  }

  /** How many of 300 turns went wrong; in every third the part {@code turn % 4} throws. */
  private static int turns(ThreadTeam team, int caller) {
    int wrong = 0;
    for (int turn = 0; turn < 300; turn++) {
      int number = turn;
      int[] runs = new int[4];
      String message = null;
      try {
        team.run(
            (part, parts) -> {
              runs[part] += number + part;
              if (number % 3 == 0 && part == number % 4) {
                throw new IllegalStateException(caller + " in turn " + number);
              }
            });
      } catch (IllegalStateException e) {
        message = e.getMessage();
      }
      String expected = number % 3 == 0 ? caller + " in turn " + number : null;
      int[] all = {number, number + 1, number + 2, number + 3};
      wrong += Arrays.equals(all, runs) && Objects.equals(expected, message) ? 0 : 1;
    }
    return wrong;
  }

  /** Each holds its own thread until a worker has done a part of both works. */
  @Test
  void twoCallersAtOnceShareTheWorkers() throws InterruptedException {
    CountDownLatch bothHelped = new CountDownLatch(2);
    Thread[] callers = new Thread[2];
    try (ThreadTeam team = new ThreadTeam(3)) {
      for (int c = 0; c < 2; c++) {
        AtomicBoolean helped = new AtomicBoolean();
        callers[c] =
            new Thread(
                () -> {
                  Thread own = Thread.currentThread();
                  team.run(
                      (part, parts) -> {
                        if (Thread.currentThread() == own) {
                          awaitQuietly(bothHelped);
                        } else if (helped.compareAndSet(false, true)) {
                          bothHelped.countDown();
                        }
                      });
                });
        callers[c].start();
      }
      for (Thread thread : callers) {
        thread.join();
      }
    }
    assertEquals(0, bothHelped.getCount());
  }

  @Test
  void aPartMayHandWorkToItsOwnTeam() {
    try (ThreadTeam team = new ThreadTeam(3)) {
      AtomicInteger runs = new AtomicInteger();
      team.run((part, parts) -> team.run((inner, all) -> runs.incrementAndGet()));
      assertEquals(9, runs.get());
    }
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
