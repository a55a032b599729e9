package org.mixtureofmasks.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SideBySideTest {
  @BeforeEach
  void loadTheLibraries() {
    Natives.start(2);
  }

  @Test
  void passesRunAtOnceAndAreTakenInTheirOrder() {
    CountDownLatch both = new CountDownLatch(2);
    List<Integer> taken = new ArrayList<>();
    SideBySide.inOrder(
        4,
        2,
        i -> {
          both.countDown();
          try { // the first ends only once the second has begun
            assertTrue(both.await(10, TimeUnit.SECONDS), "one after the other");
            Thread.sleep(i % 2 == 0 ? 20 : 0);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return i;
        },
        taken::add);
    assertEquals(List.of(0, 1, 2, 3), taken);
  }

  @Test
  void eachPassHasOneThreadOfOperatorsAndTheCallerKeepsItsOwn() {
    List<Integer> threads = new ArrayList<>();
    SideBySide.inOrder(2, 2, _ -> torch.get_num_threads(), threads::add);
    assertEquals(List.of(1, 1), threads);
    assertEquals(2, torch.get_num_threads());
  }

  @Test
  void aFailureReachesTheCallerWhenNothingRunsAnyMore() {
    IllegalStateException fault = new IllegalStateException("a pass failed");
    AtomicInteger running = new AtomicInteger();
    AtomicInteger begun = new AtomicInteger();
    IllegalStateException thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                SideBySide.inOrder(
                    9,
                    2,
                    i -> {
                      begun.incrementAndGet();
                      running.incrementAndGet();
                      try {
                        if (i == 0) {
                          throw fault;
                        }
                        Thread.sleep(30);
                      } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                      } finally {
                        running.decrementAndGet();
                      }
                      return i;
                    },
                    _ -> {}));
    assertSame(fault, thrown);
    assertEquals(0, running.get());
    assertTrue(begun.get() < 9, "passes were begun after the failure");
  }
}
