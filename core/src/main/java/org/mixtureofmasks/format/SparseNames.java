package org.mixtureofmasks.format;

import java.util.List;

/** How the parts of a sparse folder are called (docs/file-formats.md): each name once. */
final class SparseNames {
  /** config.json's model_type, and its member that says how the FFNs are sparse. */
  static final String MEMBER = "mixture_of_masks";

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

  private static final List<String> ALL =
      List.of(ROUTER, NEURONS, OFFSETS, RUNS, OUTPUTS, SIZES, INPUTS, GATE_UP, DOWN);

  private SparseNames() {}

  /** A layer's tensors begin with this. */
  static String layer(int layer) {
    return "model.layers." + layer + "."; // formats are slow in the first tenth of a second
  }

  /** The tensors of a layer's FFN begin with this. */
  static String ffn(int layer) {
    return layer(layer) + "mlp.";
  }

  /** Whether it is one of a sparse FFN's tensors, of one of so many layers. */
  static boolean isOfSomeFfn(String tensor, int layers) {
    String[] parts = tensor.split("\\.", 5); // model.layers.{l}.mlp.{name}
    return parts.length == 5
        && parts[2].matches("\\d{1,6}")
        && Integer.parseInt(parts[2]) < layers
        && tensor.equals(ffn(Integer.parseInt(parts[2])) + parts[4])
        && ALL.contains(parts[4]);
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
