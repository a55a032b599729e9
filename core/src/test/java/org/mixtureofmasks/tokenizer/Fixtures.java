package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The vocabularies in the test resources, and texts to try them on. */
final class Fixtures {
  private static final List<String> TEXTS = readTexts();

  private Fixtures() {}

  /** A file of this room's resources; "../models/x" is one of the models'. */
  static Path path(String name) {
    try {
      return Path.of(Fixtures.class.getResource("/org/mixtureofmasks/tokenizer").toURI())
          .resolve(name)
          .normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Tokenizer open(String name) {
    return Tokenizer.open(path(name));
  }

  static JsonNode json(String name) {
    try {
      return new ObjectMapper().readTree(path(name).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What ids.json has the ids of. */
  static List<String> texts() {
    return TEXTS;
  }

  private static List<String> readTexts() {
    List<String> texts = new ArrayList<>();
    json("ids.json").get("texts").forEach(t -> texts.add(t.textValue()));
    return List.copyOf(texts);
  }

  static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).intValue();
    }
    return ints;
  }

  /**
   * Scripts, signs, spaces, emoji, controls, unassigned: every kind of code point but surrogates.
   */
  static String randomText(Random random) {
    int[][] ranges = {
      {' ', '~'},
      {' ', '~'},
      {'a', 'z'},
      {0, 0x1F},
      {0xA0, 0x24F},
      {0x300, 0x36F},
      {0x400, 0x52F},
      {0x600, 0x6FF},
      {0x2000, 0x206F},
      {0x3040, 0x30FF},
      {0x4E00, 0x9FFF},
      {0xAC00, 0xD7A3},
      {0xE000, 0xFFFF},
      {0x1F300, 0x1FAFF},
      {0x10000, 0x10FFFF}
    };
    StringBuilder text = new StringBuilder();
    int pieces = random.nextInt(12);
    for (int p = 0; p < pieces; p++) {
      int[] range = ranges[random.nextInt(ranges.length)];
      int length = 1 + random.nextInt(8);
      for (int i = 0; i < length; i++) {
        text.appendCodePoint(random.nextInt(range[0], range[1] + 1));
      }
      if (random.nextInt(3) == 0) {
        text.append(" ".repeat(random.nextInt(4)));
      }
    }
    return text.toString();
  }
}
