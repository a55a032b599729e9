package org.mixtureofmasks.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Shares;

class BenchResultTest {
  @Test
  void theMedianIsTheMiddleOrTheMeanOfTheTwoMiddleValues() {
    assertEquals(2, BenchResult.median(List.of(3.0, 1.0, 2.0)));
    assertEquals(2.5, BenchResult.median(List.of(4.0, 1.0, 2.0, 3.0)));
    assertEquals(7, BenchResult.median(List.of(7.0)));
  }

  @Test
  void theFractionOfTheLimitIsBytesReadOverBytesThatCouldBeRead() {
    // 100 tokens/s of 0.2 GB each, beside a stream of 40 GB/s.
    assertEquals(0.5, result(List.of(90.0, 100.0, 110.0)).decodeFractionOfLimit(), 1e-12);
  }

  @Test
  void speedUpsAreTakenPairByPair() {
    // Medians would give 100 / 60; the machine's mood of each pair cancels instead.
    BenchResult.Pair pair =
        new BenchResult.Pair(
            result(List.of(50.0, 100.0, 120.0)), Optional.of(result(List.of(25.0, 80.0, 60.0))));
    assertEquals(2.0, pair.decodeSpeedup(), 1e-12);
    assertEquals(1.0, pair.promptSpeedup(), 1e-12);
  }

  private static BenchResult result(List<Double> decode) {
    return new BenchResult(
        List.of(1.0, 2.0, 3.0),
        decode,
        List.of(40.0, 41.0, 39.0),
        1000,
        "DRAM",
        300_000_000,
        200_000_000,
        Shares.DENSE,
        Shares.DENSE);
  }
}
