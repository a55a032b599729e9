package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;

class BesideTest {
  @Test
  void theCallerGoesOnUntilItAsks() {
    CountDownLatch asked = new CountDownLatch(1);
    AtomicInteger closed = new AtomicInteger();
    AutoCloseable thing = closed::incrementAndGet;
    try (Beside<AutoCloseable> beside =
        new Beside<>(
            () -> {
              asked.await();
              return thing;
            })) {
      assertFalse(beside.isDone());
      asked.countDown();
      assertSame(thing, beside.get());
      assertTrue(beside.isDone());
    }
    assertEquals(1, closed.get());
  }

  @Test
  void whatGoesWrongIsToldToWhoeverAsksAndLeavesNothingToClose() {
    Beside<AutoCloseable> beside =
        new Beside<>(
            () -> {
              throw new UserError("none there");
            });
    assertEquals("none there", assertThrows(UserError.class, beside::get).getMessage());
    assertDoesNotThrow(beside::close);
  }
}
