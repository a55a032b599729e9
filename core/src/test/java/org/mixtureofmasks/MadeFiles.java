package org.mixtureofmasks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** The smallest files of other programs that say all that is read, and what is read of them. */
final class MadeFiles {
  static final String CONFIG =
      """
      {"model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2,
       "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 10,
       "max_position_embeddings": 32}""";

  static final String TOKENIZER =
      """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [{"id": 0, "content": "<s>", "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true}],
       "normalizer": null, "pre_tokenizer": null, "post_processor": null,
       "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": false},
       "model": {"type": "BPE", "dropout": null, "unk_token": null,
        "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
        "byte_fallback": false, "vocab": {"<s>": 0, "a": 1, "b": 2, "Ġ": 3, "ab": 4},
        "merges": [["a", "b"]]}}""";

  static final String GGUF =
      """
      {"general.architecture": "llama", "llama.embedding_length": 8,
       "llama.feed_forward_length": 12, "llama.block_count": 2, "llama.context_length": 32,
       "llama.attention.head_count": 4, "llama.attention.head_count_kv": 2,
       "llama.attention.layer_norm_rms_epsilon": 0.00001, "tokenizer.ggml.model": "llama",
       "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab", "d", "e"],
       "tokenizer.ggml.scores": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, -2.0, 0.0, 0.0],
       "tokenizer.ggml.token_type": [2, 3, 3, 1, 1, 1, 1, 1, 1, 1]}""";

  private static final String TEXT = "<s>ab zb[PAD]";

  /** All that a model's files decide before its weights are read. */
  record Facts(
      ModelConfig config,
      int vocabulary,
      OptionalInt bos,
      Set<Integer> ends,
      List<Integer> framed,
      List<Integer> bare,
      String text,
      String withoutSpecial) {}

  private MadeFiles() {}

  /** A Hugging Face folder; tensors are nobody's. */
  static Facts folder(Path folder, Map<String, String> files) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), CONFIG);
    Files.writeString(folder.resolve("tokenizer.json"), TOKENIZER);
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    tensors.put("x", TensorSource.of(new float[1], 1));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(folder.resolve(file.getKey()), file.getValue());
    }
    return facts(folder);
  }

  static Facts gguf(Path file, ObjectNode metadata) throws IOException {
    Files.write(file, gguf(metadata));
    return facts(file);
  }

  static Facts facts(Path model) {
    try (Checkpoint checkpoint = Checkpoints.open(model);
        Tokenizer tokenizer = Tokenizer.open(model)) {
      int[] all = IntStream.range(0, tokenizer.vocabularySize()).toArray();
      return new Facts(
          ConfigReader.read(checkpoint),
          tokenizer.vocabularySize(),
          tokenizer.bos(),
          tokenizer.eos(),
          IntStream.of(tokenizer.encode(TEXT)).boxed().toList(),
          IntStream.of(tokenizer.encode(TEXT, false)).boxed().toList(),
          tokenizer.decode(all, false),
          tokenizer.decode(all, true));
    }
  }

  /** A GGUF file with this metadata and an embedding of 10 rows. */
  static byte[] gguf(ObjectNode metadata) {
    Bytes out = new Bytes();
    out.raw("GGUF").i32(3).i64(1).i64(metadata.size());
    metadata
        .properties()
        .forEach(
            member -> {
              out.string(member.getKey());
              out.value(member.getValue());
            });
    out.string("token_embd.weight").i32(2).i64(8).i64(10).i32(0).i64(0);
    while (out.size() % 32 != 0) {
      out.write(0);
    }
    out.writeBytes(new byte[10 * 8 * 4]);
    return out.toByteArray();
  }

  static ObjectNode object(String json) throws IOException {
    return (ObjectNode) Json.parse(json);
  }

  /** Writes little-endian values with the types that GGUF gives to JSON's. */
  private static final class Bytes extends ByteArrayOutputStream {
    Bytes raw(String ascii) {
      writeBytes(ascii.getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    Bytes i32(int v) {
      writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(v).array());
      return this;
    }

    Bytes i64(long v) {
      writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(v).array());
      return this;
    }

    Bytes string(String s) {
      byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
      i64(utf8.length).writeBytes(utf8);
      return this;
    }

    void value(JsonNode value) {
      i32(type(value));
      if (value.isArray()) {
        List<JsonNode> elements = new ArrayList<>();
        value.forEach(elements::add);
        i32(elements.isEmpty() ? 8 : type(elements.getFirst())).i64(elements.size());
        elements.forEach(this::bare);
      } else {
        bare(value);
      }
    }

    private void bare(JsonNode value) {
      if (value.isTextual()) {
        string(value.textValue());
      } else if (value.isBoolean()) {
        write(value.booleanValue() ? 1 : 0);
      } else if (value.isIntegralNumber()) {
        i32(value.intValue());
      } else {
        i32(Float.floatToIntBits(value.floatValue()));
      }
    }

    /** Numbers of ggml's gguf_type. */
    private static int type(JsonNode value) {
      if (value.isArray()) {
        return 9;
      }
      if (value.isTextual()) {
        return 8;
      }
      if (value.isBoolean()) {
        return 7;
      }
      return value.isIntegralNumber() ? 5 : 6;
    }
  }
}
