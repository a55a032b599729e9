package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.model.ExpertLoad;

/** The members of analysis.json that are of tokens with masks of their own. */
final class KeptSection {
  private final KeptTally tally;
  private final ModelConfig.TokenMasks masks;

  /**
   * @param masks what the folder says of itself
   */
  KeptSection(KeptTally tally, ModelConfig.TokenMasks masks) {
    this.tally = tally;
    this.masks = masks;
  }

  /**
   * The member "layers".
   *
   * @param load of all tokens
   * @param error with a reference
   */
  void writeLayers(ExpertLoad load, Optional<OutputError> error, ArrayNode to) {
    for (int l = 0; l < tally.layers().size(); l++) {
      KeptLayer layer = tally.layers().get(l);
      ObjectNode node = to.addObject().put("layer", l);
      shares(layer.inputShares(), masks.keptInputs().get(l), node.putObject("kept_inputs"));
      shares(layer.neuronShares(), masks.keptNeurons().get(l), node.putObject("kept_neurons"));
      Numbers.add(node.putArray("share_histogram"), layer.byShare());
      Numbers.add(node.putArray("frequency_histogram"), layer.byFrequency());
      if (layer.hasNeighbours()) {
        node.putObject("neighbour_overlap")
            .put("mean", Numbers.rounded(layer.overlap()))
            .put("by_chance", Numbers.rounded(layer.overlapByChance()));
      }
      LayerSection.measured(l, load, error, node);
    }
  }

  private static void shares(Samples shares, double calibrated, ObjectNode to) {
    double[] quantiles = shares.quantiles(0.05, 0.5, 0.95);
    to.put("mean", Numbers.rounded(shares.mean()))
        .put("standard_deviation", Numbers.rounded(shares.standardDeviation()))
        .put("p05", Numbers.rounded(quantiles[0]))
        .put("median", Numbers.rounded(quantiles[1]))
        .put("p95", Numbers.rounded(quantiles[2]))
        .put("calibrated", Numbers.rounded(calibrated));
  }

  /** The member "positions": buckets that have tokens. */
  void writePositions(ArrayNode to) {
    for (int b = 0; b < Positions.MOST; b++) {
      long tokens = tally.tokensAt(b);
      if (tokens > 0) {
        ObjectNode bucket = to.addObject();
        bucket.put("from", Positions.from(b)).put("to", Positions.to(b)).put("tokens", tokens);
        ArrayNode shares = bucket.putArray("kept_neurons");
        for (KeptLayer layer : tally.layers()) {
          Numbers.add(shares, layer.sumAt(b) / tokens);
        }
      }
    }
  }

  /** The member "domains". */
  void writeDomains(List<DataSet> data, ObjectNode to) {
    LayerSection.names(data, to);
    domain(0, data.size(), to.putArray("kept_inputs"));
    domain(1, data.size(), to.putArray("kept_neurons"));
  }

  /**
   * Layers x data sets.
   *
   * @param which 0 inputs, 1 neurons
   */
  private void domain(int which, int dataSets, ArrayNode to) {
    for (KeptLayer layer : tally.layers()) {
      ArrayNode row = to.addArray();
      for (int d = 0; d < dataSets; d++) {
        Numbers.add(row, layer.sums(d)[which] / tally.tokens(d));
      }
    }
  }

  /** The member "tokens_by_neurons", unless no token occurs often enough. */
  void writeTokens(Optional<TokenTexts> texts, ObjectNode to) {
    List<KeptTally.Token> tokens = tally.byNeurons(Preferences.FEWEST);
    if (tokens.isEmpty()) {
      return;
    }
    int listed = Math.min(Preferences.TOKENS, tokens.size());
    ObjectNode node = to.putObject("tokens_by_neurons");
    write(tokens.reversed().subList(0, listed), texts, node.putArray("most"));
    write(tokens.subList(0, listed), texts, node.putArray("fewest"));
  }

  private static void write(
      List<KeptTally.Token> tokens, Optional<TokenTexts> texts, ArrayNode to) {
    for (KeptTally.Token t : tokens) {
      TokenTexts.add(t.id(), texts, to)
          .put("count", t.count())
          .put("kept_neurons", Numbers.rounded(t.neurons()));
    }
  }
}
