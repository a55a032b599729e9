package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.Json;

/** A checkpoint without a file. */
record MadeCheckpoint(Format format, ObjectNode metadata, Map<String, StoredTensor> tensors)
    implements Checkpoint {
  static final int D = 8;
  static final int M = 12;
  static final int VOCABULARY = 10;

  /** A llama of 2 layers, 4 query and 2 key heads of 4, without tensors. */
  static MadeCheckpoint llama(Format format) {
    ObjectNode json = Json.object();
    switch (format) {
      case HUGGING_FACE ->
          json.put("model_type", "llama")
              .put("hidden_size", D)
              .put("intermediate_size", M)
              .put("num_hidden_layers", 2)
              .put("num_attention_heads", 4)
              .put("num_key_value_heads", 2)
              .put("head_dim", 4)
              .put("vocab_size", VOCABULARY)
              .put("rope_theta", 500_000.0);
      case GGUF ->
          json.put("general.architecture", "llama")
              .put("llama.embedding_length", D)
              .put("llama.feed_forward_length", M)
              .put("llama.block_count", 2)
              .put("llama.attention.head_count", 4)
              .put("llama.attention.head_count_kv", 2)
              .put("llama.attention.key_length", 4)
              .put("llama.attention.value_length", 4)
              .put("llama.context_length", 64)
              .put("llama.attention.layer_norm_rms_epsilon", 1e-5)
              .put("llama.rope.freq_base", 500_000.0);
      case LLAMA2C ->
          json.put("dim", D)
              .put("hidden_dim", M)
              .put("n_layers", 2)
              .put("n_heads", 2)
              .put("n_kv_heads", 1)
              .put("vocab_size", VOCABULARY)
              .put("seq_len", 64);
    }
    return new MadeCheckpoint(format, json, new LinkedHashMap<>());
  }

  /** Puts a tensor whose elements count up from 0. */
  MadeCheckpoint with(String name, long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return with(name, values, shape);
  }

  MadeCheckpoint with(String name, float[] values, long... shape) {
    tensors.put(
        name,
        new StoredTensor(
            name,
            DType.F32,
            Arrays.stream(shape).boxed().toList(),
            MemorySegment.ofArray(values),
            path(),
            0));
    return this;
  }

  /** Puts all tensors of the family, by the names of the format. */
  MadeCheckpoint withAll() {
    if (format == Format.GGUF) {
      with("token_embd.weight", VOCABULARY, D).with("output.weight", VOCABULARY, D);
    }
    if (format == Format.LLAMA2C) {
      with("wcls", VOCABULARY, D);
    }
    ModelConfig config = ConfigReader.read(this);
    for (TensorSpec spec : config.tensors().stored()) {
      boolean stack = format == Format.LLAMA2C && spec.layer() != TensorSpec.NO_LAYER;
      long[] shape = spec.dimensions();
      if (stack) {
        long[] all = new long[shape.length + 1];
        all[0] = config.layers();
        System.arraycopy(shape, 0, all, 1, shape.length);
        shape = all;
      }
      with(spec.nameIn(format), shape);
    }
    return this;
  }

  @Override
  public Path path() {
    return Path.of("made");
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public void close() {}
}
