package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.model.ExpertLoad;

/** The members "layers" and "domains" of analysis.json. */
final class LayerSection {
  private final RoutingTally tally;
  private final ExpertMasks masks;
  private final ExpertLoad load;
  private final Optional<OutputError> error;

  /**
   * @param masks of the model
   * @param load of all tokens
   * @param error with a reference
   */
  LayerSection(
      RoutingTally tally, ExpertMasks masks, ExpertLoad load, Optional<OutputError> error) {
    this.tally = tally;
    this.masks = masks;
    this.load = load;
    this.error = error;
  }

  void write(ArrayNode to) {
    for (int l = 0; l < masks.layers(); l++) {
      layer(l, to.addObject());
    }
  }

  private void layer(int l, ObjectNode to) {
    LayerTally of = tally.layer(l);
    double[] share =
        Arrays.stream(of.counts()).mapToDouble(c -> (double) c / tally.tokens()).toArray();
    MaskStatistics mask = MaskStatistics.of(masks.layer(Dimension.NEURONS, l));
    to.put("layer", l);
    Numbers.add(to.putArray("token_share"), share);
    Numbers.add(to.putArray("neuron_share"), mask.neuronShare());
    ArrayNode hits = to.putArray("hits");
    Arrays.stream(mask.hits()).forEach(hits::add);
    to.putObject("entropy")
        .put("mean", Numbers.rounded(of.router().meanEntropy()))
        .put("min_possible", 0)
        .put("max_possible", Numbers.rounded(Math.log(of.experts())));
    to.put("load_entropy", Numbers.rounded(Distribution.entropy(share)));
    double[] margins = of.router().margins(0.5, 0.05);
    to.putObject("margin")
        .put("mean", Numbers.rounded(of.router().meanMargin()))
        .put("median", Numbers.rounded(margins[0]))
        .put("p05", Numbers.rounded(margins[1]));
    to.put("load_cv", Numbers.rounded(Distribution.variation(share)));
    to.put("load_max_over_mean", Numbers.rounded(Distribution.largestOverMean(share)));
    measured(l, load, error, to);
    MutualInformation token = MutualInformation.of(of.byToken().values());
    ObjectNode information =
        to.putObject("mutual_information")
            .put("token", Numbers.rounded(token.nats()))
            .put("token_by_chance", Numbers.rounded(token.byChance()));
    if (of.byDataSet().size() > 1) {
      MutualInformation domain = MutualInformation.of(of.byDataSet());
      information
          .put("domain", Numbers.rounded(domain.nats()))
          .put("domain_by_chance", Numbers.rounded(domain.byChance()));
    }
    Numbers.add(to.putArray("jaccard"), mask.jaccard());
  }

  /**
   * What is known of a layer of any sparse model.
   *
   * @param load of all tokens
   * @param error with a reference
   */
  static void measured(int l, ExpertLoad load, Optional<OutputError> error, ObjectNode to) {
    to.put("active_share", Numbers.rounded(load.activeFfnShare(l)));
    error.ifPresent(
        e -> to.putObject("output_error").put("relative_squared", Numbers.rounded(e.relative(l))));
  }

  /** The data sets' names, of any sparse model's domains. */
  static void names(List<DataSet> data, ObjectNode to) {
    ArrayNode names = to.putArray("names");
    data.forEach(d -> names.add(d.name()));
  }

  /** The share of each data set's tokens that chose each expert. */
  void writeDomains(List<DataSet> data, ObjectNode to) {
    names(data, to);
    ArrayNode layers = to.putArray("token_share");
    for (int l = 0; l < masks.layers(); l++) {
      LayerTally of = tally.layer(l);
      double[][] shares = new double[of.experts()][data.size()];
      for (int d = 0; d < data.size(); d++) {
        int[] counts = of.counts(d);
        for (int e = 0; e < counts.length; e++) {
          shares[e][d] = (double) counts[e] / tally.tokens(d);
        }
      }
      Numbers.add(layers.addArray(), shares);
    }
  }
}
