package org.mixtureofmasks.format;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/** The tensors of a checkpoint under Hugging Face's names, whatever the format calls them. */
public final class TensorNames {
  private static final Map<String, String> GGUF_TOP =
      Map.of(
          "token_embd.weight", "model.embed_tokens.weight",
          "output_norm.weight", "model.norm.weight",
          "output.weight", "lm_head.weight");

  private static final Map<String, String> GGUF_LAYER =
      Map.of(
          "attn_norm.weight", "input_layernorm.weight",
          "attn_q.weight", "self_attn.q_proj.weight",
          "attn_k.weight", "self_attn.k_proj.weight",
          "attn_v.weight", "self_attn.v_proj.weight",
          "attn_output.weight", "self_attn.o_proj.weight",
          "ffn_norm.weight", "post_attention_layernorm.weight",
          "ffn_gate.weight", "mlp.gate_proj.weight",
          "ffn_up.weight", "mlp.up_proj.weight",
          "ffn_down.weight", "mlp.down_proj.weight");

  private static final Map<String, String> LLAMA2C_TOP =
      Map.of(
          "token_embedding_table", "model.embed_tokens.weight",
          "rms_final_weight", "model.norm.weight",
          "wcls", "lm_head.weight");

  // In these files every tensor is a stack of all layers.
  private static final Map<String, String> LLAMA2C_LAYER =
      Map.of(
          "rms_att_weight", "input_layernorm.weight",
          "wq", "self_attn.q_proj.weight",
          "wk", "self_attn.k_proj.weight",
          "wv", "self_attn.v_proj.weight",
          "wo", "self_attn.o_proj.weight",
          "rms_ffn_weight", "post_attention_layernorm.weight",
          "w1", "mlp.gate_proj.weight",
          "w2", "mlp.down_proj.weight",
          "w3", "mlp.up_proj.weight");

  private TensorNames() {}

  /** A layer's tensors begin with this. */
  public static String layer(int layer) {
    return "model.layers." + layer + ".";
  }

  public static Map<String, StoredTensor> of(Checkpoint checkpoint) {
    Map<String, StoredTensor> out = new LinkedHashMap<>();
    for (StoredTensor tensor : checkpoint.tensors().values()) {
      switch (checkpoint.format()) {
        case HUGGING_FACE -> out.put(tensor.name(), tensor);
        case GGUF -> put(out, gguf(checkpoint.path(), tensor.name()), tensor);
        case LLAMA2C -> llama2c(tensor, out);
      }
    }
    return out;
  }

  /**
   * GGUF and llama2.c turn neighbouring rows (2i, 2i+1) of a head, Hugging Face and this engine
   * rows (i, i + head_dim / 2): row r of a query or key projection is row order(r) of the file;
   * null when they agree.
   */
  public static IntUnaryOperator rotaryOrder(Checkpoint checkpoint, ModelConfig config) {
    if (checkpoint.format() == Checkpoint.Format.HUGGING_FACE) {
      return null;
    }
    int hd = config.headDim();
    return r -> {
      int within = r % hd;
      int half = hd / 2;
      return r - within + (within < half ? 2 * within : 2 * (within - half) + 1);
    };
  }

  private static void put(Map<String, StoredTensor> out, String name, StoredTensor tensor) {
    if (name != null) {
      out.put(name, tensor);
    }
  }

  /** A tensor that no layer of this architecture has would be ignored: refused instead. */
  private static String gguf(Path file, String name) {
    if (name.equals(GgufConfig.ROPE_FACTORS)) {
      return null; // read with the config
    }
    String top = GGUF_TOP.get(name);
    if (top != null) {
      return top;
    }
    String[] parts = name.split("\\.", 3);
    String inner = parts.length == 3 && parts[0].equals("blk") ? GGUF_LAYER.get(parts[2]) : null;
    if (inner == null || !parts[1].matches("\\d{1,6}")) {
      throw new BadCheckpoint(
          file, -1, "tensor '" + name + "' belongs to no layer of the llama architecture");
    }
    return layer(Integer.parseInt(parts[1])) + inner;
  }

  private static void llama2c(StoredTensor tensor, Map<String, StoredTensor> out) {
    put(out, LLAMA2C_TOP.get(tensor.name()), tensor);
    String inner = LLAMA2C_LAYER.get(tensor.name());
    if (inner == null) {
      return; // tables of rotary angles, which are computed here
    }
    List<Long> shape = tensor.shape().subList(1, tensor.shape().size());
    long layers = tensor.shape().getFirst();
    long bytes = tensor.data().byteSize() / layers;
    for (int l = 0; l < layers; l++) {
      String name = layer(l) + inner;
      out.put(
          name,
          new StoredTensor(
              name,
              tensor.dtype(),
              shape,
              tensor.data().asSlice(l * bytes, bytes),
              tensor.file(),
              tensor.offset() + l * bytes));
    }
  }
}
