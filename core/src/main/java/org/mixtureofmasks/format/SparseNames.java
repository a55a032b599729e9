package org.mixtureofmasks.format;

import java.util.List;
import org.mixtureofmasks.format.ShippedThresholds.Choice;

/** How the parts of a sparse folder are called (docs/file-formats.md): each name once. */
final class SparseNames {
  /** config.json's model_type, and its member that says how the FFNs are sparse. */
  static final String MEMBER = "mixture_of_masks";

  /** The same of models whose tokens have masks of their own. */
  static final String TOKEN_MEMBER = "token_masks";

  static final String TOKEN_ARCHITECTURE = "TokenMasksForCausalLM";
  static final String ARCHITECTURE = "MixtureOfMasksForCausalLM";
  static final String MASKS_FILE = "masks.safetensors";

  // Of a layer's FFN, behind ffn(layer).
  static final String ROUTER = "router.weight";
  static final String NEURONS = "neurons";
  static final String OFFSETS = "experts.offsets";
  static final String RUNS = "experts.runs";
  static final String OUTPUTS = "experts.output_scale";
  static final String SIZES = "experts.sizes";
  static final String INPUTS = "experts.inputs";
  static final String GATE_UP = "experts.gate_up";
  static final String DOWN = "experts.down";

  private static final List<String> OF_EXPERTS =
      List.of(ROUTER, NEURONS, OFFSETS, RUNS, OUTPUTS, SIZES, INPUTS, GATE_UP, DOWN);

  // Of a layer's FFN with token masks.
  static final String BY_INPUT = "by_input";
  static final String BY_NEURON = "by_neuron";
  static final String THRESHOLDS = "thresholds";
  static final String BY_INPUT_OUTPUTS = "by_input.output_scale";
  static final String BY_NEURON_OUTPUTS = "by_neuron.output_scale";

  private static final List<String> OF_TOKENS =
      List.of(BY_INPUT, BY_NEURON, THRESHOLDS, BY_INPUT_OUTPUTS, BY_NEURON_OUTPUTS);

  // Of a layer's FFN with token masks by a preview, beside neurons and thresholds.
  static final String PREVIEW = "preview";
  static final String PREVIEW_SCALES = "preview_scales";
  static final String PREVIEW_CENTRES = "preview_centres";
  static final String PREVIEW_BASE = "preview_base";
  static final String DIRECTIONS = "preview_directions";
  static final String NEURONS_OUTPUTS = "neurons.output_scale";

  private static final List<String> OF_PREVIEWS =
      List.of(
          NEURONS,
          PREVIEW,
          PREVIEW_SCALES,
          PREVIEW_CENTRES,
          PREVIEW_BASE,
          DIRECTIONS,
          THRESHOLDS,
          NEURONS_OUTPUTS);

  private SparseNames() {}

  /** A layer's tensors begin with this. */
  static String layer(int layer) {
    return "model.layers." + layer + "."; // formats are slow in the first tenth of a second
  }

  /** The tensors of a layer's FFN begin with this. */
  static String ffn(int layer) {
    return layer(layer) + "mlp.";
  }

  /** Whether it is one of the tensors that FFNs of such a model have in place of projections. */
  static boolean isOfSomeFfn(String tensor, ModelConfig config) {
    if (!config.sparse()) {
      return false;
    }
    List<String> known =
        config
            .tokenMasks()
            .map(masks -> masks.choice() == Choice.PREVIEW ? OF_PREVIEWS : OF_TOKENS)
            .orElse(OF_EXPERTS);
    int layers = config.layers();
    String[] parts = tensor.split("\\.", 5); // model.layers.{l}.mlp.{name}
    return parts.length == 5
        && parts[2].matches("\\d{1,6}")
        && Integer.parseInt(parts[2]) < layers
        && tensor.equals(ffn(Integer.parseInt(parts[2])) + parts[4])
        && known.contains(parts[4]);
  }

  /** The masks of a dimension in the masks' file. */
  static String masks(int layer, Dimension dimension) {
    return "layers.%d.%s".formatted(layer, dimension.tensor());
  }

  /** The dense index of each stored neuron, in the masks' file. */
  static String neuronOrder(int layer) {
    return "layers.%d.neuron_order".formatted(layer);
  }
}
