package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;
import org.mixtureofmasks.io.Json;

/** An analysis.json of token masks with every part, from seeded random numbers. */
final class SampleTokenMasks {
  private final Random random = new Random(11);
  private final int layers;

  private SampleTokenMasks(int layers) {
    this.layers = layers;
  }

  static ObjectNode of(int layers) {
    return new SampleTokenMasks(layers).make();
  }

  private ObjectNode make() {
    ObjectNode root = SampleAnalysis.of(1, 1); // for what any analysis has
    ObjectNode all = Json.object();
    for (String common :
        new String[] {"schema", "date", "command", "tokens", "active_ffn_share_measured", "data"}) {
      all.set(common, root.get(common));
    }
    all.putObject("model")
        .put("path", "run/model")
        .put("description", "each token reads what is above two thresholds of each layer")
        .put("layers", layers)
        .put("intermediate_size", 384)
        .put("choice", "inputs")
        .put("target_share", 0.5);
    for (int l = 0; l < layers; l++) {
      layer(all.withArray("layers").addObject().put("layer", l));
    }
    positions(all.putArray("positions"));
    ObjectNode domains = all.putObject("domains");
    SampleAnalysis.DATA.forEach(domains.putArray("names")::add);
    for (int l = 0; l < layers; l++) {
      shares(domains.withArray("kept_inputs").addArray(), SampleAnalysis.DATA.size());
      shares(domains.withArray("kept_neurons").addArray(), SampleAnalysis.DATA.size());
    }
    ObjectNode tokens = all.putObject("tokens_by_neurons");
    tokens
        .putArray("most")
        .addObject()
        .put("id", 3)
        .put("text", " the")
        .put("count", 12)
        .put("kept_neurons", 0.61);
    tokens.putArray("fewest").addObject().put("id", 7).put("count", 5).put("kept_neurons", 0.02);
    return all;
  }

  private void layer(ObjectNode layer) {
    for (String what : new String[] {"kept_inputs", "kept_neurons"}) {
      ObjectNode figures = layer.putObject(what);
      for (String figure :
          new String[] {"mean", "standard_deviation", "p05", "median", "p95", "calibrated"}) {
        figures.put(figure, random.nextDouble());
      }
    }
    shares(layer.putArray("share_histogram"), 20);
    shares(layer.putArray("frequency_histogram"), 7);
    layer.putObject("neighbour_overlap").put("mean", 0.21).put("by_chance", random.nextDouble());
    layer.put("active_share", random.nextDouble());
    layer.putObject("output_error").put("relative_squared", 0.1);
  }

  private void positions(ArrayNode to) {
    int[] from = {0, 1, 4, 16};
    for (int b = 0; b < 3; b++) {
      ObjectNode bucket = to.addObject().put("from", from[b]).put("to", from[b + 1] - 1);
      ArrayNode shares = bucket.put("tokens", 100).putArray("kept_neurons");
      for (int l = 0; l < layers; l++) {
        shares.add(0.1 * (b + 1) + 0.01 * (l - (layers - 1) / 2.0));
      }
    }
  }

  private void shares(ArrayNode to, int n) {
    random.doubles(n).forEach(to::add);
  }
}
