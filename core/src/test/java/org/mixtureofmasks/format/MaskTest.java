package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MaskTest {
  @Test
  void everyElementIsOnOrOffBeyondAWordToo() {
    for (int length : new int[] {0, 1, 63, 64, 65, 130}) {
      Mask mask = Mask.of(length, i -> i % 3 == 0);
      assertEquals(length, mask.length());
      assertEquals(Math.ceilDiv(length, 3), mask.count());
      assertArrayEquals(
          IntStream.range(0, length).filter(i -> i % 3 == 0).toArray(), mask.indices().toArray());
    }
  }

  @Test
  void elementsAreAskedForOnceAndInOrder() {
    StringBuilder asked = new StringBuilder();
    Mask.of(4, i -> asked.append(i).length() > 0);
    assertEquals("0123", asked.toString());
  }

  @Test
  void masksOfTheSameElementsAreEqualAndOthersAreNot() {
    Mask mask = Mask.of(true, false, true);
    assertEquals(Mask.of(3, i -> i != 1), mask);
    assertEquals(Mask.of(3, i -> i != 1).hashCode(), mask.hashCode());
    assertNotEquals(Mask.of(true, false, false), mask);
    assertNotEquals(Mask.of(true, false, true, false), mask);
    assertNotEquals("mask", mask);
  }

  @Test
  void laterChangesOfTheArrayDoNotReachTheMask() {
    boolean[] on = {true, false};
    Mask mask = Mask.of(on);
    on[0] = false;
    assertTrue(mask.on(0));
    assertFalse(mask.on(1));
    assertEquals("1 of 2", mask.toString());
  }

  @Test
  void allElementsOfAFullMaskAreOn() {
    assertEquals(70, Mask.all(70).count());
    assertEquals(0, Mask.all(0).count());
  }
}
