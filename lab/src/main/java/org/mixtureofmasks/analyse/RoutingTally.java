package org.mixtureofmasks.analyse;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;

/** Gathers which experts every token chooses in every layer. */
final class RoutingTally implements TokenTally {
  private final Routing routing;
  private final List<LayerTally> layers;
  private final Paths paths;
  private final int[] tokens; // by data set
  private int dataSet;
  private DataSet.Sequence sequence = new DataSet.Sequence(new int[0], 0);
  private int[][] leading = {}; // position x layer

  /**
   * @param config of a sparse model
   * @param dataSets how many
   */
  RoutingTally(ModelConfig config, int dataSets) {
    ModelConfig.MixtureOfMasks mom = config.mixtureOfMasks().orElseThrow();
    routing = mom.routing();
    layers =
        Stream.generate(() -> new LayerTally(mom.experts(), dataSets))
            .limit(config.layers())
            .toList();
    paths = new Paths(config.layers(), mom.experts());
    tokens = new int[dataSets];
  }

  @Override
  public void begin(int newDataSet, DataSet.Sequence newSequence) {
    dataSet = newDataSet;
    sequence = newSequence;
    leading = new int[newSequence.counted()][layers.size()];
  }

  @Override
  public void routed(int layer, int position, int[] experts, float[] scores) {
    if (position < sequence.from()) {
      return;
    }
    double[] p = RouterStatistics.probabilities(routing, scores);
    layers.get(layer).add(dataSet, sequence.ids(), position, experts, p);
    leading[position - sequence.from()][layer] = Paths.leading(experts, scores);
  }

  @Override
  public void end() {
    for (int[] way : leading) {
      paths.add(way);
    }
    tokens[dataSet] += sequence.counted();
  }

  LayerTally layer(int l) {
    return layers.get(l);
  }

  Paths paths() {
    return paths;
  }

  @Override
  public long tokens() {
    return paths.tokens();
  }

  /** Those of a data set. */
  int tokens(int ofDataSet) {
    return tokens[ofDataSet];
  }

  /** Tokens of each expert: layers x E. */
  long[][] counts() {
    return layers.stream().map(LayerTally::counts).toArray(long[][]::new);
  }

  /** Share of a data set's tokens that chose each expert: layers x E, one after the other. */
  double[] routingVector(int ofDataSet) {
    return layers.stream()
        .flatMapToInt(l -> Arrays.stream(l.counts(ofDataSet)))
        .mapToDouble(count -> (double) count / tokens[ofDataSet])
        .toArray();
  }
}
