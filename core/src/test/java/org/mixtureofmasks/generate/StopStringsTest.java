package org.mixtureofmasks.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;

class StopStringsTest {
  @Test
  void withoutStopStringsEverythingPassesAtOnce() {
    StopStrings stops = new StopStrings(List.of());
    assertEquals("abc", stops.push("abc"));
    assertEquals("", stops.flush());
    assertFalse(stops.stopped());
  }

  @Test
  void aStopStringOverThreePiecesIsNeverShown() {
    StopStrings stops = new StopStrings(List.of("END"));
    assertEquals("one ", stops.push("one E"));
    assertEquals("", stops.push("N"));
    assertEquals("", stops.push("D two"));
    assertTrue(stops.stopped());
    assertEquals("", stops.push("three"));
    assertEquals("", stops.flush());
  }

  @Test
  void whatLookedLikeAStopStringIsShownOnceItIsNone() {
    StopStrings stops = new StopStrings(List.of("END"));
    assertEquals("", stops.push("EN"));
    assertEquals("ENT", stops.push("T"));
    assertEquals("", stops.push("E"));
    assertEquals("E", stops.flush());
  }

  @Test
  void aBeginningInsideABeginningIsKept() {
    StopStrings stops = new StopStrings(List.of("aab"));
    assertEquals("", stops.push("aa"));
    assertEquals("a", stops.push("a"));
    assertEquals("", stops.push("b"));
    assertTrue(stops.stopped());
  }

  @Test
  void theFirstOfSeveralStopStringsEndsTheText() {
    StopStrings stops = new StopStrings(List.of("xyz", "c"));
    assertEquals("ab", stops.push("abcxyz"));
    assertTrue(stops.stopped());
  }

  @Test
  void howTheTextIsCutIntoPiecesDoesNotMatter() {
    Random random = new Random(3);
    for (int trial = 0; trial < 500; trial++) {
      String text = letters(random, 30);
      String stop = letters(random, 1 + random.nextInt(4));
      String expected = text.contains(stop) ? text.substring(0, text.indexOf(stop)) : text;
      StopStrings stops = new StopStrings(List.of(stop));
      StringBuilder shown = new StringBuilder();
      for (int at = 0; at < text.length(); ) {
        int end = Math.min(text.length(), at + random.nextInt(4));
        shown.append(stops.push(text.substring(at, end)));
        assertTrue(expected.startsWith(shown.toString()), "shown too early: " + shown);
        at = end;
      }
      shown.append(stops.flush());
      assertEquals(expected, shown.toString(), "text " + text + ", stop " + stop);
    }
  }

  @Test
  void anEmptyStopStringIsWrongUsage() {
    UserError error = assertThrows(UserError.class, () -> new StopStrings(List.of("a", "")));
    assertEquals(UserError.USAGE, error.exitCode());
  }

  private static String letters(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }
}
