package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The member quantization_config of a config.json as compressed-tensors and transformers read and
 * write it: what of it is computed here, and how a folder says what it holds.
 */
final class Quantisation {
  static final String MEMBER = "quantization_config";

  private static final String METHOD = "quant_method";
  private static final String COMPRESSED_TENSORS = "compressed-tensors";
  private static final String GROUPS = "config_groups";
  private static final String EMBEDDING = "Embedding";

  /** The output projection has more levels than other matrices of 4 bits. */
  private static final String HEAD = "re:.*lm_head";

  /** Weights of 4 bits that share a scale. */
  static final int GROUP = 32;

  private Quantisation() {}

  /**
   * Refuses what is not computed: activations in few bits, weights with a zero point, other
   * methods.
   *
   * @throws BadCheckpoint naming it
   */
  static void check(Fields config) {
    if (!config.has(MEMBER)) {
      return;
    }
    Fields member = config.object(MEMBER);
    String method = member.text(METHOD, "no method is named");
    if (!method.equals(COMPRESSED_TENSORS)) {
      throw new BadCheckpoint(
          config.file(),
          -1,
          "'%s' says that the weights are quantised (%s; only compressed-tensors is read): use the model's unquantised folder, or a GGUF file of it"
              .formatted(MEMBER, method));
    }
    if (member.has("kv_cache_scheme")) {
      throw member.wrong("kv_cache_scheme", "null: keys and values are not quantised");
    }
    for (JsonNode group : member.node().path(GROUPS)) {
      checkGroup(new Fields(config.file(), group));
    }
  }

  private static void checkGroup(Fields group) {
    for (String activations : List.of("input_activations", "output_activations")) {
      if (group.has(activations)) {
        throw group.wrong(activations, "null: activations are not quantised");
      }
    }
    Fields weights = group.object("weights");
    int bits = weights.positive("num_bits");
    if (bits != 8 && bits != 4) {
      throw weights.wrong("num_bits", "4 or 8");
    }
    if (!weights.text("type", "int").equals("int")) {
      throw weights.wrong("type", "int");
    }
    if (!weights.flag("symmetric", true)) {
      throw weights.wrong("symmetric", "true: there is no zero point");
    }
  }

  /**
   * What a folder of quantised weights says of itself.
   *
   * @param matrices INT8 or INT4: the type of all matrices but the embedding and the output
   *     projection, which are INT8
   */
  static void write(ObjectNode config, DType matrices) {
    ObjectNode member = config.putObject(MEMBER);
    member.put(METHOD, COMPRESSED_TENSORS);
    member.put("quantization_status", "compressed");
    boolean four = matrices == DType.INT4;
    member.put("format", four ? "mixed-precision" : "int-quantized");
    ObjectNode groups = member.putObject(GROUPS);
    ObjectNode linear = groups.putObject("group_0");
    linear.putArray("targets").add("Linear");
    weights(linear, four ? 4 : 8);
    if (four) {
      ObjectNode ends = groups.putObject("group_1");
      ends.putArray("targets").add(EMBEDDING).add(HEAD);
      weights(ends, 8);
    } else {
      linear.withArray("targets").add(EMBEDDING);
    }
    member.putArray("ignore");
  }

  private static void weights(ObjectNode group, int bits) {
    ObjectNode weights = group.putObject("weights");
    weights.put("num_bits", bits);
    weights.put("type", "int");
    weights.put("symmetric", true);
    if (bits == 4) {
      weights.put("strategy", "group").put("group_size", GROUP);
    } else {
      weights.put("strategy", "channel");
    }
    weights.put("dynamic", false);
    group.putNull("input_activations");
    group.putNull("output_activations");
    group.put("format", bits == 4 ? "pack-quantized" : "int-quantized");
  }
}
