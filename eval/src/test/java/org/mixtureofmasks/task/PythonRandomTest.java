package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Against numbers that CPython 3.11 gave. */
class PythonRandomTest {
  private static final JsonNode CPYTHON = read();

  private static JsonNode read() {
    try (InputStream in = PythonRandomTest.class.getResourceAsStream("python-random.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void bitsAreThoseOfCPythonForSeedsOfOneAndTwoWords() {
    assertEquals(5, CPYTHON.get("bits").size());
    for (JsonNode c : CPYTHON.get("bits")) {
      PythonRandom random = new PythonRandom(c.get("seed").asLong());
      JsonNode values = c.get("values");
      for (int i = 0; i < 4; i++) {
        assertEquals(values.get(i).asLong(), Integer.toUnsignedLong(random.nextBits()));
      }
      for (int i = 0; i < 699; i++) {
        random.nextBits();
      }
      // Past the first 624 words: the state has been made anew.
      assertEquals(values.get(4).asLong(), Integer.toUnsignedLong(random.nextBits()));
    }
  }

  @Test
  void doublesAreThoseOfCPython() {
    PythonRandom random = new PythonRandom(1234);
    for (JsonNode value : CPYTHON.get("doubles")) {
      assertEquals(value.asDouble(), random.nextDouble());
    }
  }

  @Test
  void samplesFromPoolsAndFromSetsAreThoseOfCPythonOneAfterTheOther() {
    assertEquals(11, CPYTHON.get("samples").size());
    for (JsonNode c : CPYTHON.get("samples")) {
      PythonRandom random = new PythonRandom(1234);
      for (JsonNode expected : c.get("drawn")) {
        List<Integer> ids = new ArrayList<>();
        expected.forEach(id -> ids.add(id.asInt()));
        assertEquals(ids, random.sample(c.get("n").asInt(), c.get("k").asInt()), c.toString());
      }
    }
  }

  @Test
  void moreThanThereAreCannotBeDrawn() {
    assertThrows(IllegalArgumentException.class, () -> new PythonRandom(1).sample(3, 4));
  }
}
