package org.mixtureofmasks.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.model.LlamaConfig;

/**
 * Models for tests: a random one that trains in milliseconds, and mom-4m where a machine has it.
 */
public final class TestModels {
  private TestModels() {}

  /** 2 layers, 16 wide, 24 neurons, 4 query and 2 key heads of 4, 50 tokens, context 16. */
  public static LlamaConfig tinyConfig() {
    return new LlamaConfig(
        16,
        24,
        2,
        4,
        2,
        4,
        50,
        16,
        1e-5,
        new LlamaConfig.Rope(10000, new LlamaConfig.Scaling.None()),
        true,
        0,
        List.of(0),
        Optional.empty());
  }

  /** The tiny model with weights drawn from the seed, large enough for visible non-linearity. */
  public static LlamaModule tiny(long seed, Precision precision) {
    return random(tinyConfig(), seed, precision);
  }

  /** A model of any shape with weights drawn from the seed. */
  public static LlamaModule random(LlamaConfig config, long seed, Precision precision) {
    Natives.start(2);
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, Tensor> weights = new LinkedHashMap<>();
    LlamaModule.shapes(config)
        .forEach(
            (name, shape) -> {
              int n = 1;
              for (long s : shape) {
                n *= (int) s;
              }
              float[] values = new float[n];
              for (int i = 0; i < n; i++) {
                double g = random.nextGaussian();
                values[i] = (float) (name.contains("norm") ? 1 + 0.1 * g : 0.25 * g);
              }
              weights.put(name, Tensors.of(values, shape));
            });
    return new LlamaModule(config, weights, precision);
  }

  /** The folder mom-4m below the environment variable MOM_MODELS, if there is one. */
  public static Optional<Path> mom4m() {
    return Optional.ofNullable(System.getenv("MOM_MODELS"))
        .map(m -> Path.of(m, "mom-4m"))
        .filter(p -> p.toFile().isDirectory());
  }

  /** Reads a folder of one fp32 safetensors file. */
  public static LlamaModule load(Path folder, Precision precision) {
    Natives.start(2);
    try (FileChannel file = FileChannel.open(folder.resolve("model.safetensors"));
        Arena arena = Arena.ofConfined()) {
      MemorySegment all = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
      ByteBuffer length = all.asSlice(0, 8).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      long header = length.getLong();
      byte[] json = all.asSlice(8, header).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
      JsonNode root = new ObjectMapper().readTree(new String(json, StandardCharsets.UTF_8));
      Map<String, Tensor> weights = new LinkedHashMap<>();
      root.properties()
          .forEach(
              e -> {
                if (e.getKey().startsWith("__")) {
                  return;
                }
                JsonNode t = e.getValue();
                long from = t.get("data_offsets").get(0).asLong();
                long to = t.get("data_offsets").get(1).asLong();
                long[] shape = new long[t.get("shape").size()];
                for (int i = 0; i < shape.length; i++) {
                  shape[i] = t.get("shape").get(i).asLong();
                }
                weights.put(
                    e.getKey(),
                    Tensors.of(
                        all.asSlice(8 + header + from, to - from), torch.ScalarType.Float, shape));
              });
      JsonNode c = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
      return new LlamaModule(
          new LlamaConfig(
              c.get("hidden_size").asInt(),
              c.get("intermediate_size").asInt(),
              c.get("num_hidden_layers").asInt(),
              c.get("num_attention_heads").asInt(),
              c.get("num_key_value_heads").asInt(),
              c.get("head_dim").asInt(),
              c.get("vocab_size").asInt(),
              c.get("max_position_embeddings").asInt(),
              c.get("rms_norm_eps").asDouble(),
              new LlamaConfig.Rope(c.get("rope_theta").asDouble(), new LlamaConfig.Scaling.None()),
              c.get("tie_word_embeddings").asBoolean(),
              0,
              List.of(0),
              Optional.empty()),
          weights,
          precision);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
