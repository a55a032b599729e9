package org.mixtureofmasks.analyse;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.mixtureofmasks.format.ModelConfig;

/** Gathers what every token keeps in every layer by masks of its own. */
final class KeptTally implements TokenTally {
  /**
   * A token id.
   *
   * @param count how often it occurs
   * @param neurons mean share of the neurons that it keeps, over its occurrences and all layers
   */
  record Token(int id, int count, double neurons) {}

  private static final class Sum {
    private int count;
    private double neurons; // shares, of all layers
  }

  private final List<KeptLayer> layers;
  private final Map<Integer, Sum> byToken = new HashMap<>();
  private final long[] byPosition = new long[Positions.MOST];
  private final long[] byDataSet;
  private int dataSet;
  private DataSet.Sequence sequence = new DataSet.Sequence(new int[0], 0);

  /**
   * @param config of a model with token masks
   * @param dataSets how many
   */
  KeptTally(ModelConfig config, int dataSets) {
    layers = Stream.generate(() -> new KeptLayer(config, dataSets)).limit(config.layers()).toList();
    byDataSet = new long[dataSets];
  }

  @Override
  public void begin(int newDataSet, DataSet.Sequence newSequence) {
    dataSet = newDataSet;
    sequence = newSequence;
    layers.forEach(KeptLayer::begin);
  }

  @Override
  public void kept(int layer, int position, double inputs, int[] neurons) {
    if (position < sequence.from()) {
      return;
    }
    double share = layers.get(layer).add(dataSet, position, inputs, neurons);
    Sum ofToken = byToken.computeIfAbsent(sequence.ids()[position], _ -> new Sum());
    ofToken.neurons += share;
    ofToken.count += layer == 0 ? 1 : 0;
  }

  @Override
  public void end() {
    byDataSet[dataSet] += sequence.counted();
    for (int position = sequence.from(); position < sequence.ids().length; position++) {
      byPosition[Positions.bucket(position)]++;
    }
  }

  List<KeptLayer> layers() {
    return layers;
  }

  @Override
  public long tokens() {
    return Arrays.stream(byDataSet).sum();
  }

  /** Those of a data set. */
  long tokens(int ofDataSet) {
    return byDataSet[ofDataSet];
  }

  /** Those of a bucket of positions. */
  long tokensAt(int bucket) {
    return byPosition[bucket];
  }

  /**
   * The ids that occur at least so often.
   *
   * @return by their share of the neurons, the least first; ties by id
   */
  List<Token> byNeurons(int fewest) {
    return byToken.entrySet().stream()
        .filter(e -> e.getValue().count >= fewest)
        .map(e -> token(e.getKey(), e.getValue()))
        .sorted(Comparator.comparingDouble(Token::neurons).thenComparingInt(Token::id))
        .toList();
  }

  private Token token(int id, Sum sum) {
    return new Token(id, sum.count, sum.neurons / sum.count / layers.size());
  }
}
