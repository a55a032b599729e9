package org.mixtureofmasks.compile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.RoutingJson;

/** The config.json of a sparse folder: the dense model's, with the member mixture_of_masks. */
final class SparseConfig {
  private SparseConfig() {}

  static ObjectNode of(SparseModel model, Compiled compiled) {
    ObjectNode config = model.config().deepCopy();
    config.put("model_type", "mixture_of_masks");
    config.putArray("architectures").add("MixtureOfMasksForCausalLM");
    // transformers 5 calls it dtype, older ones torch_dtype.
    String dtype = compiled.dtype() == DType.BF16 ? "bfloat16" : "float32";
    config.put(config.has("dtype") ? "dtype" : "torch_dtype", dtype);
    ObjectNode m = config.putObject("mixture_of_masks");
    m.put("format_version", formatVersion(model));
    m.put("variant", model.variant());
    m.put("layout", compiled.layout().word());
    m.put("num_experts", model.masks().experts());
    m.put("num_experts_per_tok", model.routing().topK());
    RoutingJson.write(model.routing(), m);
    m.put("target", model.target());
    m.put("active_ffn_share", compiled.activeFfnShare());
    if (model.masks().hasInputs()) {
      m.put("paper_share", model.masks().paperShare());
      ArrayNode kept = m.putArray("kept_inputs");
      for (int l = 0; l < model.masks().layers(); l++) {
        kept.add(model.masks().keptInputs(l));
      }
    }
    ArrayNode live = m.putArray("live_neurons");
    ArrayNode shared = m.putArray("shared_neurons");
    ArrayNode redundant = m.putArray("redundant_neurons");
    for (ExpertLayout layer : compiled.layers()) {
      live.add(layer.live());
      shared.add(layer.shared());
      redundant.add(layer.redundant());
    }
    m.put("parent", model.parent());
    return config;
  }

  /** Readers of version 1 know one routing and no input masks. */
  private static int formatVersion(SparseModel model) {
    return model.routing().isDefault() && !model.masks().hasInputs() ? 1 : 2;
  }
}
