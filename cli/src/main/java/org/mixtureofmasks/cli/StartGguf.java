package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.Json;

/**
 * A model folder as a GGUF file that {@link StartTraining} can read: Llama's names and keys,
 * weights as they are stored in bf16, and a byte-level vocabulary. Rows of queries and keys do not
 * change places as llama.cpp has them, so the file is for watching how it is read; what it says is
 * noise.
 */
final class StartGguf {
  private static final int U32 = 4;
  private static final int I32 = 5;
  private static final int F32 = 6;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int BF16 = 30;
  private static final int ALIGNMENT = 32;
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("model.embed_tokens.weight", "token_embd.weight"),
          Map.entry("model.norm.weight", "output_norm.weight"),
          Map.entry("lm_head.weight", "output.weight"),
          Map.entry("input_layernorm.weight", "attn_norm.weight"),
          Map.entry("self_attn.q_proj.weight", "attn_q.weight"),
          Map.entry("self_attn.k_proj.weight", "attn_k.weight"),
          Map.entry("self_attn.v_proj.weight", "attn_v.weight"),
          Map.entry("self_attn.o_proj.weight", "attn_output.weight"),
          Map.entry("post_attention_layernorm.weight", "ffn_norm.weight"),
          Map.entry("mlp.gate_proj.weight", "ffn_gate.weight"),
          Map.entry("mlp.up_proj.weight", "ffn_up.weight"),
          Map.entry("mlp.down_proj.weight", "ffn_down.weight"));

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private StartGguf() {}

  /** Writes the file of a dense model in bf16 with a byte-level tokenizer.json. */
  static void write(Path folder, Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      JsonNode tokenizer = Json.parse(Files.readString(folder.resolve("tokenizer.json")));
      Files.write(file, new StartGguf().bytes(checkpoint, tokenizer));
    }
  }

  private byte[] bytes(Checkpoint checkpoint, JsonNode tokenizer) {
    ObjectNode config = checkpoint.metadata();
    List<StoredTensor> tensors = List.copyOf(checkpoint.tensors().values());
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    i32(3);
    i64(tensors.size());
    i64(14);
    text("general.architecture", "llama");
    integer("llama.context_length", config.path("max_position_embeddings").asInt());
    integer("llama.embedding_length", config.path("hidden_size").asInt());
    integer("llama.block_count", config.path("num_hidden_layers").asInt());
    integer("llama.feed_forward_length", config.path("intermediate_size").asInt());
    integer("llama.attention.head_count", config.path("num_attention_heads").asInt());
    integer("llama.attention.head_count_kv", config.path("num_key_value_heads").asInt());
    real("llama.attention.layer_norm_rms_epsilon", config.path("rms_norm_eps").asDouble());
    real("llama.rope.freq_base", config.path("rope_theta").asDouble(10_000));
    text("tokenizer.ggml.model", "gpt2");
    text("tokenizer.ggml.pre", "gpt-2");
    vocabulary(tokenizer);
    tensors(tensors);
    return out.toByteArray();
  }

  private void vocabulary(JsonNode tokenizer) {
    JsonNode ids = tokenizer.path("model").path("vocab");
    List<String> tokens = new ArrayList<>(Collections.nCopies(ids.size(), ""));
    ids.properties().forEach(token -> tokens.set(token.getValue().asInt(), token.getKey()));
    array("tokenizer.ggml.tokens", STRING, tokens.size());
    tokens.forEach(this::string);
    int[] types = new int[tokens.size()];
    Arrays.fill(types, NORMAL);
    tokenizer.path("added_tokens").forEach(token -> types[token.path("id").asInt()] = CONTROL);
    array("tokenizer.ggml.token_type", I32, types.length);
    for (int type : types) {
      i32(type);
    }
    JsonNode merges = tokenizer.path("model").path("merges");
    array("tokenizer.ggml.merges", STRING, merges.size());
    merges.forEach(
        merge ->
            string(
                merge.isTextual()
                    ? merge.textValue()
                    : merge.path(0).textValue() + " " + merge.path(1).textValue()));
  }

  private void tensors(List<StoredTensor> tensors) {
    long offset = 0;
    for (StoredTensor tensor : tensors) {
      string(name(tensor.name()));
      i32(tensor.shape().size());
      tensor.shape().reversed().forEach(this::i64);
      i32(BF16);
      i64(offset);
      offset += Math.ceilDiv(tensor.data().byteSize(), ALIGNMENT) * ALIGNMENT;
    }
    for (StoredTensor tensor : tensors) {
      pad();
      out.writeBytes(tensor.data().toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private static String name(String stored) {
    String[] part = stored.split("\\.", 4); // model.layers.N.rest
    return NAMES.containsKey(stored)
        ? NAMES.get(stored)
        : "blk.%s.%s".formatted(part[2], NAMES.get(part[3]));
  }

  private void pad() {
    while (out.size() % ALIGNMENT != 0) {
      out.write(0);
    }
  }

  private void text(String key, String value) {
    key(key, STRING);
    string(value);
  }

  private void integer(String key, int value) {
    key(key, U32);
    i32(value);
  }

  private void real(String key, double value) {
    key(key, F32);
    i32(Float.floatToIntBits((float) value));
  }

  private void array(String key, int type, int count) {
    key(key, ARRAY);
    i32(type);
    i64(count);
  }

  private void key(String key, int type) {
    string(key);
    i32(type);
  }

  private void string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    i64(utf8.length);
    out.writeBytes(utf8);
  }

  private void i32(int value) {
    out.writeBytes(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private void i64(long value) {
    out.writeBytes(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }
}
