package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.model.LayerObserver;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;

/**
 * What the tokens of rows keep of a tiny model with token masks, heard token by token where an
 * analysis hears prompts, and its figures by their plainest formulas.
 */
final class KeptByHand {
  private static final int READ = 8; // tokens of a row of 9
  private static final double DIGITS = 1e-5; // an analysis has six

  private final int width;
  private final int neurons;
  private final List<List<BitSet>> kept = List.of(new ArrayList<>(), new ArrayList<>());
  private final List<List<Double>> inputs = List.of(new ArrayList<>(), new ArrayList<>());

  private KeptByHand(Model model) {
    width = model.config().hiddenSize();
    neurons = model.config().intermediateSize();
  }

  static KeptByHand of(Path folder, Path file) {
    try (Model model = Model.open(folder, LoadOptions.defaults());
        TokenRows rows = TokenRows.open(file, READ + 1, model.config().vocabSize())) {
      KeptByHand all = new KeptByHand(model);
      ModelState state = model.newState(READ);
      state.observe(
          new LayerObserver() {
            @Override
            public void kept(int layer, int position, double read, int[] list) {
              BitSet set = new BitSet();
              IntStream.of(list).forEach(set::set);
              all.kept.get(layer).add(set);
              all.inputs.get(layer).add(read);
            }
          });
      for (int r = 0; r < rows.rows(); r++) {
        state.truncate(0);
        for (int t = 0; t < READ; t++) {
          model.forward(state, rows.row(r), t, 1);
        }
      }
      return all;
    }
  }

  /** Compares a layer of an analysis. */
  void check(int l, JsonNode layer) {
    List<BitSet> tokens = kept.get(l);
    double[] shares =
        tokens.stream().mapToDouble(set -> (double) set.cardinality() / neurons).sorted().toArray();
    double mean = DoubleStream.of(shares).average().orElseThrow();
    double variance =
        DoubleStream.of(shares).map(share -> Math.pow(share - mean, 2)).average().orElseThrow();
    JsonNode figures = layer.path("kept_neurons");
    equal(mean, figures.path("mean"));
    equal(Math.sqrt(variance), figures.path("standard_deviation"));
    int middle = shares.length / 2;
    equal((shares[middle - 1] + shares[middle]) / 2, figures.path("median"));
    double read = inputs.get(l).stream().mapToDouble(n -> n / width).average().orElseThrow();
    equal(read, layer.at("/kept_inputs/mean"));
    for (int bin = 0; bin < 20; bin++) {
      int b = bin;
      long n =
          tokens.stream().filter(s -> Math.min(19, s.cardinality() * 20 / neurons) == b).count();
      equal((double) n / tokens.size(), layer.path("share_histogram").path(bin));
    }
    int[] counts =
        IntStream.range(0, neurons)
            .map(j -> (int) tokens.stream().filter(set -> set.get(j)).count())
            .toArray();
    JsonNode frequency = layer.path("frequency_histogram");
    equal(share(counts, count -> count == 0), frequency.path(0));
    equal(share(counts, count -> count > 0 && count <= 8), frequency.path(2)); // of 80 tokens
    equal(share(counts, count -> count > 8 && count <= 40), frequency.path(3));
    equal(share(counts, count -> count == 80), frequency.path(6));
    equal(overlap(tokens), layer.at("/neighbour_overlap/mean"));
  }

  private double share(int[] counts, IntPredicate which) {
    return (double) IntStream.of(counts).filter(which).count() / neurons;
  }

  private static double overlap(List<BitSet> tokens) {
    return IntStream.range(0, tokens.size())
        .filter(t -> t % READ > 0)
        .mapToDouble(
            t -> {
              BitSet both = (BitSet) tokens.get(t - 1).clone();
              both.and(tokens.get(t));
              BitSet either = (BitSet) tokens.get(t - 1).clone();
              either.or(tokens.get(t));
              return (double) both.cardinality() / either.cardinality();
            })
        .average()
        .orElseThrow();
  }

  /** Compares the buckets 0, 1 to 3, and 4 to 15. */
  void checkPositions(int l, JsonNode positions) {
    int[] ends = {1, 4, 16};
    assertEquals(ends.length, positions.size());
    for (int b = 0; b < ends.length; b++) {
      int from = b == 0 ? 0 : ends[b - 1];
      int to = ends[b];
      JsonNode bucket = positions.path(b);
      assertEquals(from, bucket.path("from").intValue());
      assertEquals(to - 1, bucket.path("to").intValue());
      int[] those =
          IntStream.range(0, kept.get(l).size())
              .filter(t -> t % READ >= from && t % READ < to)
              .toArray();
      assertEquals(those.length, bucket.path("tokens").intValue());
      double sum = IntStream.of(those).mapToDouble(t -> kept.get(l).get(t).cardinality()).sum();
      equal(sum / those.length / neurons, bucket.path("kept_neurons").path(l));
    }
  }

  private static void equal(double expected, JsonNode actual) {
    assertEquals(expected, actual.doubleValue(), DIGITS, actual::toString);
  }
}
