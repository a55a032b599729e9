package org.mixtureofmasks.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.mixtureofmasks.UserError;

class SamplerTest {
  @TestFactory
  List<DynamicTest> probabilitiesAreThoseOfTransformers() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (InputStream in = getClass().getResourceAsStream("transformers-sampling.json")) {
      for (JsonNode c : new ObjectMapper().readTree(in).get("cases")) {
        tests.add(DynamicTest.dynamicTest(c.get("name").asText(), () -> check(c)));
      }
    }
    assertEquals(15, tests.size());
    return tests;
  }

  private static void check(JsonNode c) {
    Sampler sampler =
        new Sampler(
            new Sampling(
                c.get("temperature").asDouble(),
                c.get("top_k").asInt(),
                c.get("top_p").asDouble(),
                c.get("min_p").asDouble(),
                c.get("repetition_penalty").asDouble(),
                0));
    c.get("seen").forEach(id -> sampler.accept(id.asInt()));
    JsonNode logits = c.get("logits");
    float[] in = new float[logits.size()];
    IntStream.range(0, in.length).forEach(i -> in[i] = (float) logits.get(i).asDouble());
    double[] expected =
        IntStream.range(0, in.length)
            .mapToDouble(i -> c.get("probabilities").get(i).asDouble())
            .toArray();
    // transformers computes in float32.
    assertArrayEquals(expected, sampler.probabilities(in), 2e-6);
  }

  @Test
  void atTemperatureZeroTheLowestOfTheLargestLogitsIsTaken() {
    Sampler sampler = new Sampler(Sampling.greedy());
    assertEquals(2, sampler.next(new float[] {0, 1, 3, 3, -5}));
  }

  @Test
  void theRepetitionPenaltyActsAtTemperatureZeroToo() {
    Sampler sampler = new Sampler(new Sampling(0, 0, 1, 0, 2, 0));
    sampler.accept(2);
    assertEquals(1, sampler.next(new float[] {0, 2, 3, 1}));
    sampler.accept(0);
    assertEquals(1, sampler.next(new float[] {-0.1f, -0.15f, -0.3f, -9}));
  }

  @Test
  void theLogitsAreNotChanged() {
    float[] logits = {1, 2, 3};
    Sampler sampler = new Sampler(new Sampling(0.7, 2, 0.9, 0.1, 1.5, 1));
    sampler.accept(1);
    sampler.next(logits);
    assertArrayEquals(new float[] {1, 2, 3}, logits);
  }

  @Test
  void theSameSeedGivesTheSameTokensAndAnotherSeedOthers() {
    assertEquals(draws(5), draws(5));
    assertNotEquals(draws(5), draws(6));
  }

  @Test
  void tokensAreDrawnAsOftenAsTheirProbabilitySays() {
    // p = 0.1, 0.2, 0.3, 0.4
    float[] logits = {
      (float) Math.log(1), (float) Math.log(2), (float) Math.log(3), (float) Math.log(4)
    };
    Sampler sampler = new Sampler(Sampling.of(1, 42));
    int n = 20_000;
    int[] counts = new int[4];
    for (int i = 0; i < n; i++) {
      counts[sampler.next(logits)]++;
    }
    for (int i = 0; i < 4; i++) {
      double p = (i + 1) / 10.0;
      double deviation = Math.sqrt(n * p * (1 - p));
      assertEquals(n * p, counts[i], 4 * deviation, "token " + i);
    }
  }

  @Test
  void aTokenThatWasFilteredOutIsNeverDrawn() {
    float[] logits = {0, 5, 0, 4, 0};
    Sampler sampler = new Sampler(new Sampling(3, 2, 1, 0, 1, 9));
    for (int i = 0; i < 1000; i++) {
      int token = sampler.next(logits);
      assertTrue(token == 1 || token == 3, "drew " + token);
    }
  }

  @Test
  void aLogitThatIsNoNumberIsReportedWithItsToken() {
    Sampler sampler = new Sampler(Sampling.greedy());
    UserError error =
        assertThrows(UserError.class, () -> sampler.next(new float[] {0, Float.NaN, 1}));
    assertTrue(error.getMessage().contains("token id 1"), error.getMessage());
  }

  @Test
  void settingsOutOfRangeAreWrongUsageAndNameTheRange() {
    UserError error = assertThrows(UserError.class, () -> new Sampling(1, 0, 1.5, 0, 1, 0));
    assertEquals(UserError.USAGE, error.exitCode());
    assertEquals("top-p 1.5: it must be between 0 and 1", error.getMessage());
    assertThrows(UserError.class, () -> new Sampling(-1, 0, 1, 0, 1, 0));
    assertThrows(UserError.class, () -> new Sampling(Double.NaN, 0, 1, 0, 1, 0));
    assertThrows(UserError.class, () -> new Sampling(1, -1, 1, 0, 1, 0));
    assertThrows(UserError.class, () -> new Sampling(1, 0, 1, 2, 1, 0));
    assertThrows(UserError.class, () -> new Sampling(1, 0, 1, 0, 0, 0));
  }

  private static List<Integer> draws(long seed) {
    Sampler sampler = new Sampler(Sampling.of(1, seed));
    float[] logits = new float[100];
    return IntStream.range(0, 30).map(i -> sampler.next(logits)).boxed().toList();
  }
}
