package org.mixtureofmasks.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowTest {
  @Test
  void rollingWindowsAreThoseOfTheHarness() throws IOException {
    JsonNode cases;
    try (InputStream in = WindowTest.class.getResourceAsStream("wikitext-vectors.json")) {
      cases = new ObjectMapper().readTree(in).get("rolling");
    }
    assertFalse(cases.isEmpty());
    for (JsonNode c : cases) {
      List<List<List<Integer>>> expected = new ArrayList<>();
      for (JsonNode window : c.get("windows")) {
        expected.add(List.of(ints(window.get(0)), ints(window.get(1))));
      }
      List<List<List<Integer>>> found = new ArrayList<>();
      // s is the prefix, written -1, then the document 0, 1, 2, ...
      for (Window w : Window.rolling(c.get("tokens").asInt() + 1, c.get("length").asInt())) {
        found.add(
            List.of(
                range(w.from() - 1, w.inputs()),
                range(w.from() + w.inputs() - w.scored(), w.scored())));
      }
      assertEquals(expected, found, c.toString());
    }
  }

  @Test
  void slidingWindowsScoreEachTokenButTheFirstExactlyOnceInOrder() {
    for (int tokens = 2; tokens < 30; tokens++) {
      for (int window = 1; window < 12; window++) {
        for (int stride = 1; stride <= window; stride++) {
          List<Integer> scored = new ArrayList<>();
          for (Window w : Window.sliding(tokens, window, stride)) {
            assertTrue(w.inputs() <= window && w.scored() >= 1 && w.scored() <= w.inputs());
            assertEquals(0, w.from() % stride);
            scored.addAll(range(w.from() + w.inputs() - w.scored() + 1, w.scored()));
          }
          assertEquals(
              range(1, tokens - 1), scored, tokens + " tokens, " + window + " by " + stride);
        }
      }
    }
  }

  @Test
  void withAStrideBelowTheWindowLaterTokensSeeMoreContext() {
    List<Window> windows = Window.sliding(11, 6, 2);
    assertEquals(new Window(0, 6, 6), windows.get(0));
    assertEquals(new Window(2, 6, 2), windows.get(1));
    assertEquals(new Window(4, 6, 2), windows.get(2));
    assertEquals(3, windows.size());
  }

  private static List<Integer> ints(JsonNode array) {
    List<Integer> ints = new ArrayList<>();
    array.forEach(i -> ints.add(i.asInt()));
    return ints;
  }

  private static List<Integer> range(int from, int count) {
    List<Integer> ints = new ArrayList<>();
    for (int i = from; i < from + count; i++) {
      ints.add(i);
    }
    return ints;
  }
}
