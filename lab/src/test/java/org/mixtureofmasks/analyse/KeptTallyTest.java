package org.mixtureofmasks.analyse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.train.TinyRun;

/** What is gathered of tokens with masks of their own, on numbers worked out by hand. */
class KeptTallyTest {
  private static final int[] NONE = {};
  private static final double EXACT = 1e-12;

  @TempDir Path folder;

  /** Of 16 inputs, 40 neurons and two layers. */
  private ModelConfig config() throws IOException {
    new TinyRun(folder, 40);
    try (Checkpoint checkpoint = Checkpoints.open(folder.resolve("model"))) {
      return ConfigReader.read(checkpoint);
    }
  }

  private static int[] first(int n) {
    return IntStream.range(0, n).toArray();
  }

  @Test
  void sharesGoToTheirBinsDataSetsAndPositions() throws IOException {
    KeptLayer layer = new KeptLayer(config(), 2);
    layer.add(0, 0, 16, first(40));
    layer.add(0, 1, 8, first(20));
    layer.add(1, 2, 4.5, first(1));
    layer.add(1, 3, 0, NONE);
    double[] bins = layer.byShare();
    assertEquals(KeptLayer.BINS, bins.length);
    assertEquals(0.5, bins[0], EXACT, "none, and one of forty");
    assertEquals(0.25, bins[10], EXACT, "a half begins a bin");
    assertEquals(0.25, bins[19], EXACT, "all are in the last");
    assertArrayEquals(new double[] {1.5, 1.5}, layer.sums(0), EXACT);
    assertArrayEquals(new double[] {4.5 / 16, 1 / 40.0}, layer.sums(1), EXACT);
    assertEquals(1, layer.sumAt(0), EXACT);
    assertEquals(0.5 + 1 / 40.0, layer.sumAt(1), EXACT);
    assertEquals(61 / 160.0, layer.neuronShares().mean(), 1e-7);
    assertEquals(28.5 / 64, layer.inputShares().mean(), 1e-7);
  }

  @Test
  void neuronsAreSortedByHowManyTokensTheyAreActiveFor() throws IOException {
    KeptLayer layer = new KeptLayer(config(), 1);
    for (int t = 0; t < 100; t++) {
      // 0 always, 1 at 99 %, 2 at 90, 3 at 50, 4 at 10, 5 at 1, others never
      int position = t;
      int[] percent = {100, 99, 90, 50, 10, 1};
      int[] active = IntStream.range(0, 6).filter(j -> position < percent[j]).toArray();
      layer.add(0, t, 0, active);
    }
    double one = 1 / 40.0;
    assertArrayEquals(
        new double[] {34 * one, one, one, one, one, one, one}, layer.byFrequency(), EXACT);
  }

  @Test
  void neighboursAreTokensInARowOfOneSequence() throws IOException {
    KeptLayer layer = new KeptLayer(config(), 1);
    layer.begin();
    layer.add(0, 0, 0, new int[] {1, 2, 3});
    layer.begin();
    layer.add(0, 4, 0, new int[] {2, 3, 7, 9});
    assertFalse(layer.hasNeighbours(), "each begins its sequence");
    layer.add(0, 5, 0, new int[] {3, 9});
    layer.add(0, 6, 0, NONE);
    layer.add(0, 7, 0, NONE);
    assertEquals((0.5 + 0 + 1) / 3, layer.overlap(), EXACT);
    // frequencies of five tokens: 1, 7 once; 2, 9 twice; 3 three times
    double both = (2 * 1 + 2 * 4 + 9) / 25.0;
    assertEquals(both / (2 * 9 / 5.0 - both), layer.overlapByChance(), EXACT);
    assertEquals(0.4, KeptLayer.jaccard(new int[] {1, 2, 3}, new int[] {2, 3, 7, 9}), EXACT);
    assertEquals(1, KeptLayer.jaccard(NONE, NONE));
  }

  @Test
  void tokensAreMeansOverLayersOfThoseThatCountAndOccurOften() throws IOException {
    KeptTally tally = new KeptTally(config(), 2);
    DataSet.Sequence sequence = new DataSet.Sequence(new int[] {9, 5, 6, 5}, 1);
    for (int i = 0; i < 3; i++) {
      tally.begin(i % 2, sequence);
      for (int l = 0; l < 2; l++) {
        tally.kept(l, 0, 16, first(40)); // does not count
        tally.kept(l, 1, 16, first(10));
        tally.kept(l, 2, 16, first(8));
        tally.kept(l, 3, 16, first(l == 0 ? 30 : 10));
      }
      tally.end();
    }
    assertEquals(9, tally.tokens());
    assertEquals(6, tally.tokens(0));
    assertEquals(0, tally.tokensAt(0));
    assertEquals(9, tally.tokensAt(1));
    assertEquals(List.of(5), tally.byNeurons(5).stream().map(KeptTally.Token::id).toList());
    List<KeptTally.Token> all = tally.byNeurons(1);
    assertEquals(List.of(6, 5), all.stream().map(KeptTally.Token::id).toList());
    assertEquals(0.2, all.getFirst().neurons(), EXACT);
    assertEquals(6, all.getLast().count());
    assertEquals((2 * 0.25 + 0.75 + 0.25) / 4, all.getLast().neurons(), EXACT);
  }

  @Test
  void positionsAreInBucketsFourTimesAsLongAsTheOneBefore() {
    int[] firsts = {0, 1, 4, 16, 64, 256, 1024};
    for (int b = 0; b < firsts.length; b++) {
      assertEquals(firsts[b], Positions.from(b));
      assertEquals(b, Positions.bucket(firsts[b]));
      assertEquals(b, Positions.bucket((int) Positions.to(b)));
      assertEquals(Positions.from(b + 1), Positions.to(b) + 1);
    }
    assertEquals(Positions.MOST - 1, Positions.bucket(Integer.MAX_VALUE));
  }

  @Test
  void samplesHaveMeanDeviationAndQuantiles() {
    Samples samples = new Samples();
    for (int i = 0; i < 3000; i++) {
      samples.add(i % 3); // 0, 1 and 2, more than there is room for at first
    }
    assertEquals(1, samples.mean(), EXACT);
    assertEquals(Math.sqrt(2 / 3.0), samples.standardDeviation(), EXACT);
    assertArrayEquals(new double[] {0, 1, 2}, samples.quantiles(0.05, 0.5, 0.95), EXACT);
  }
}
