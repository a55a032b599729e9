package org.mixtureofmasks.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.Recipe;

/** A dense model, data and recipes that train in milliseconds a step. */
public final class TinyRun {
  private static final String CONFIG =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": %d,
       "intermediate_size": %d, "num_hidden_layers": 2, "num_attention_heads": 4,
       "num_key_value_heads": 2, "head_dim": 4, "vocab_size": 50, "max_position_embeddings": 16,
       "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
       "tie_word_embeddings": true, "attention_bias": false, "mlp_bias": false,
       "torch_dtype": "float32", "bos_token_id": 0, "eos_token_id": 0}
      """;

  /** Rows of 9 tokens; 2 + 1 sources; 24 rows a mixture epoch is crossed within 20 steps. */
  private static final String RECIPE =
      """
      model: model
      method: %s
      data:
        train:
          - {file: a.u16, weight: 2}
          - {file: b.u16, weight: 1}
        row: 9
        order: shuffled
      train:
        steps: 20
        batch_tokens: 48
        micro_batch_rows: 4
        lr: 1e-2
        threads: 2
      evaluate:
        rows: valid.u16
        every: 5
      checkpoint:
        every: 7
        keep: 2
      """;

  private final Path folder;

  public TinyRun(Path folder) throws IOException {
    this(folder, 24);
  }

  /**
   * @param neurons intermediate_size
   */
  public TinyRun(Path folder, int neurons) throws IOException {
    this.folder = folder;
    Path model = Files.createDirectories(folder.resolve("model"));
    ModelConfig config = TestModels.tinyConfig(neurons);
    String json = CONFIG.formatted(config.hiddenSize(), neurons);
    Files.writeString(model.resolve("config.json"), json);
    TestModels.save(TestModels.random(config, 7, Precision.FP32), model);
    rows("a.u16", 40, 1);
    rows("b.u16", 20, 2);
    rows("valid.u16", 10, 3);
  }

  /** Rows in which each token follows from the one before, mostly. */
  void rows(String name, int rows, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    ByteBuffer bytes = ByteBuffer.allocate(18 * rows).order(ByteOrder.LITTLE_ENDIAN);
    for (int r = 0; r < rows; r++) {
      int id = random.nextInt(50);
      for (int i = 0; i < 9; i++) {
        bytes.putShort((short) id);
        id = random.nextInt(4) == 0 ? random.nextInt(50) : (7 * id + 3) % 50;
      }
    }
    Files.write(folder.resolve(name), bytes.array());
  }

  public Path path(String name) {
    return folder.resolve(name);
  }

  /** The recipe of a method with more lines and overrides. */
  public Recipe recipe(String method, String more, String... overrides) throws IOException {
    Path file = folder.resolve("recipe.yaml");
    Files.writeString(file, RECIPE.formatted(method) + more);
    return Methods.read(file, List.of(overrides));
  }

  Recipe dense(String... overrides) throws IOException {
    return recipe("dense", "", overrides);
  }
}
