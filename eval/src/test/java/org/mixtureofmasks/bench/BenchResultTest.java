package org.mixtureofmasks.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
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
  void quartilesAreTheMiddleHalf() {
    assertEquals(
        new BenchResult.Quartiles(2, 4),
        BenchResult.Quartiles.of(List.of(5.0, 1.0, 4.0, 2.0, 3.0)));
    assertEquals(
        new BenchResult.Quartiles(1.25, 1.75), BenchResult.Quartiles.of(List.of(2.0, 1.0)));
    assertEquals(new BenchResult.Quartiles(7, 7), BenchResult.Quartiles.of(List.of(7.0)));
  }

  @Test
  void theFractionOfTheLimitIsBytesReadOverTheMostBytesThatCouldBeRead() {
    // 100 tokens/s of 0.2 GB each, beside a stream of 40 GB/s at its best.
    BenchResult result = result(List.of(90.0, 100.0, 110.0));
    assertEquals(0.5, result.decodeFractionOfLimit().orElseThrow(), 1e-12);
    assertEquals(new Stream.Reading(40, ReadPattern.IN_TURNS, 2), result.stream());
  }

  @Test
  void aFractionAboveOneIsNoFigure() {
    assertEquals(1.0, result(List.of(200.0)).decodeFractionOfLimit().orElseThrow(), 1e-12);
    assertEquals(OptionalDouble.empty(), result(List.of(201.0)).decodeFractionOfLimit());
  }

  @Test
  void theSpeedUpIsTheRatioOfTheMediansThatArePrinted() {
    BenchResult.Pair pair =
        new BenchResult.Pair(
            result(List.of(50.0, 100.0, 120.0)),
            Optional.of(result(List.of(25.0, 80.0, 60.0))),
            OptionalLong.empty());
    assertEquals(100.0 / 60, pair.decodeSpeedup(), 1e-12);
    assertEquals(1.0, pair.promptSpeedup(), 1e-12);
  }

  private static BenchResult result(List<Double> decode) {
    return new BenchResult(
        List.of(1.0, 2.0, 3.0),
        decode,
        List.of(
            new Stream.Reading(39, ReadPattern.FRONT_TO_BACK, 2),
            new Stream.Reading(40, ReadPattern.IN_TURNS, 2),
            new Stream.Reading(38, ReadPattern.FRONT_TO_BACK, 1)),
        1000,
        "DRAM",
        300_000_000,
        200_000_000,
        Shares.DENSE,
        Shares.DENSE,
        false,
        List.of(),
        List.of());
  }
}
