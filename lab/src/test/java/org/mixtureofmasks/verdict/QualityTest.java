package org.mixtureofmasks.verdict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Shares;

/** Figures of a verdict from losses that are known. */
class QualityTest {
  private static Quality quality(double... losses) {
    return new Quality(losses, 10, new Shares(0.5, 0.52), List.of(0.5), 1);
  }

  private static Verdict verdict(double rise) {
    Quality dense = quality(20, 30);
    Quality sparse = quality(20 + 10 * Math.log(rise), 30 + 10 * Math.log(rise));
    return new Verdict(
        new Figures(dense, 4, 4, 100, 500, List.of("x")),
        new Figures(sparse, 4, 2, 150, 500, List.of("y")),
        new Shares(0.5, 0.52),
        List.of("p"));
  }

  @Test
  void perplexityIsOfAllTokensAndTheRatioOfTheSameSequences() {
    Quality dense = quality(20, 30);
    Quality sparse = quality(21, 33);
    assertEquals(Math.exp(2.5), dense.perplexity(), 1e-12);
    assertEquals(Math.exp(0.2), sparse.over(dense), 1e-12);
    // Differences .1 and .3 a token: standard deviation .1414, of their mean .1.
    assertEquals(Math.exp(0.2) * 0.1, sparse.errorOver(dense), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> quality(1).over(dense));
  }

  @Test
  void wordsSayHowMuchWorseItIs() {
    assertTrue(verdict(1.001).words().contains("nobody will notice"));
    assertTrue(verdict(1.05).words().contains("rises by 5.0 %"));
    assertTrue(verdict(1.2).words().contains("a reader will notice"));
    assertTrue(verdict(1.5).words().contains("knows less"));
    assertTrue(verdict(3).words().contains("of little use"));
    assertTrue(verdict(0.97).words().contains("falls by 3.0 %"));
    assertTrue(verdict(1.5).words().contains("1.50 times as fast"));
    assertFalse(verdict(1.05).wantsTraining());
    assertTrue(verdict(1.2).wantsTraining());
  }

  @Test
  void theJsonHasBothModelsAndTheChange() {
    var json = verdict(1.2).json();
    assertEquals(1.2, json.path("perplexity_over_dense").asDouble(), 1e-12);
    assertEquals(1.5, json.path("decode_speedup").asDouble(), 1e-12);
    assertEquals(0.52, json.at("/sparse/share_all_in_measured").asDouble());
    assertEquals("y", json.at("/sparse/continuations/0").asText());
  }
}
