package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.format.ShippedThresholds;

/** What came out of an analysis of token masks, in sentences. */
final class TokenMaskSummary {
  private TokenMaskSummary() {}

  /** What the model is. */
  static String model(ReportData d) {
    JsonNode model = d.model();
    return ReportText.count(d.layers().size(), "layer")
        + " of "
        + ReportText.count(model.path("intermediate_size").asLong(), "neuron")
        + " each: "
        + model.path("description").asText()
        + ".";
  }

  /** What was used with the preview that chose it, as the target of such a model counts. */
  static String allIn(ReportData d) {
    return d.model().path("choice").asText().equals(ShippedThresholds.Choice.PREVIEW.word())
        ? ", %s of its bytes with the preview"
            .formatted(ReportText.percent(d.at("share_all_in_measured").asDouble()))
        : "";
  }

  /** What only text can show; means over the layers. */
  static List<String> findings(ReportData d) {
    List<String> all = new ArrayList<>();
    all.add(
        "A token keeps %s of a layer's neurons on average; 5 %% of the tokens keep less than %s, 5 %% more than %s."
            .formatted(
                percent(d, "/kept_neurons/mean"),
                percent(d, "/kept_neurons/p05"),
                percent(d, "/kept_neurons/p95")));
    List<JsonNode> positions = ReportData.list(d.at("positions"));
    if (positions.size() > 1 && positions.getFirst().path("from").asInt() == 0) {
      all.add(
          "The first token of a text keeps %s of the neurons, those from position %s on %s."
              .formatted(
                  ReportText.percent(mean(positions.getFirst())),
                  positions.getLast().path("from").asText(),
                  ReportText.percent(mean(positions.getLast()))));
    }
    all.add(
        "%s of the neurons are active for more than 99 %% of the tokens, as good as shared; %s for none of them."
            .formatted(
                percent(d, "/frequency_histogram/" + NeuronCharts.ALWAYS),
                percent(d, "/frequency_histogram/0")));
    if (d.everyLayerHas("/neighbour_overlap")) {
      all.add(
          "Of the neurons that one of two tokens in a row keeps, both keep %s (Jaccard index); tokens that choose independently would share %s."
              .formatted(
                  ReportText.decimals(d.mean("/neighbour_overlap/mean"), 3),
                  ReportText.decimals(d.mean("/neighbour_overlap/by_chance"), 3)));
    }
    return all;
  }

  private static String percent(ReportData d, String pointer) {
    return ReportText.percent(d.mean(pointer));
  }

  private static double mean(JsonNode bucket) {
    return ReportData.list(bucket.path("kept_neurons")).stream()
        .mapToDouble(JsonNode::asDouble)
        .average()
        .orElseThrow();
  }
}
