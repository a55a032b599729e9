package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** BPE by ranks gives the ids of llama2.c's own loop, which merges the pair of the best score. */
class Llama2cAlgorithmTest {
  @ParameterizedTest
  @ValueSource(strings = {"../models/tok512.bin", "llama2-tokenizer.bin"})
  void ranksGiveTheIdsOfScores(String name) throws IOException {
    Path file = Fixtures.path(name);
    GgufVocabulary vocabulary = Llama2cVocabulary.read(file, Files.readAllBytes(file));
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < vocabulary.tokens().length; id++) {
      ids.put(vocabulary.tokens()[id], id);
    }
    Random random = new Random(42);
    try (Tokenizer tokenizer = Tokenizer.open(file)) {
      for (int i = 0; i < 300; i++) {
        // Words of the vocabulary itself, so that there is much to merge, then anything at all.
        StringBuilder text = new StringBuilder();
        for (int w = 0; w < 6; w++) {
          int id = 259 + random.nextInt(ids.size() - 259);
          text.append(vocabulary.tokens()[id].replace('\u2581', ' '));
        }
        String mixed = i % 2 == 0 ? text.toString() : text + Fixtures.randomText(random);
        assertArrayEquals(runC(vocabulary, ids, mixed), tokenizer.encode(mixed, false), mixed);
      }
    }
  }

  /** The function encode() of run.c: code points or bytes first, then the best pair, till none. */
  private static int[] runC(GgufVocabulary vocabulary, Map<String, Integer> ids, String text) {
    List<Integer> out = new ArrayList<>();
    String prefixed = text.isEmpty() ? "" : " " + text;
    prefixed
        .codePoints()
        .forEach(
            c -> {
              String character = Character.toString(c).replace(' ', '\u2581');
              Integer id = ids.get(character);
              if (id != null) {
                out.add(id);
              } else {
                for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
                  out.add((b & 255) + 3);
                }
              }
            });
    while (true) {
      float best = -1e10f;
      int at = -1;
      int merged = -1;
      for (int i = 0; i + 1 < out.size(); i++) {
        Integer id = ids.get(vocabulary.tokens()[out.get(i)] + vocabulary.tokens()[out.get(i + 1)]);
        if (id != null && vocabulary.scores()[id] > best) {
          best = vocabulary.scores()[id];
          at = i;
          merged = id;
        }
      }
      if (at < 0) {
        return out.stream().mapToInt(Integer::intValue).toArray();
      }
      out.set(at, merged);
      out.remove(at + 1);
    }
  }
}
