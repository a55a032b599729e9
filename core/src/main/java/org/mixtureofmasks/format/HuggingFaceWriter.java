package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.IntUnaryOperator;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.io.AtomicFiles;

/**
 * A GGUF or llama2.c model as the files of a Hugging Face folder: config.json and
 * model.safetensors, which transformers and the training of this project read. Query and key rows
 * are put into Hugging Face's order; what is quantised is dequantised.
 */
public final class HuggingFaceWriter {
  private HuggingFaceWriter() {}

  /**
   * The type that a checkpoint's weights are run in: F32 stays F32, all other types become BF16.
   */
  public static DType ownDtype(Checkpoint checkpoint) {
    StoredTensor embedding = TensorNames.of(checkpoint).get("model.embed_tokens.weight");
    return embedding != null && embedding.dtype() == DType.F32 ? DType.F32 : DType.BF16;
  }

  /**
   * Writes config.json and model.safetensors.
   *
   * @param folder exists; files of that name in it are replaced
   * @param dtype F32 or BF16, of all weights
   * @throws UserError if the checkpoint is a Hugging Face folder already or cannot be written
   * @throws org.mixtureofmasks.io.BadCheckpoint if it is no model of a known shape
   */
  public static void write(Checkpoint checkpoint, Path folder, DType dtype) {
    if (checkpoint.format() == Checkpoint.Format.HUGGING_FACE) {
      throw new UserError(checkpoint.path() + " is a Hugging Face folder already: use it as it is");
    }
    ModelConfig config = ConfigReader.read(checkpoint);
    AtomicFiles.writeString(
        folder.resolve("config.json"), json(config, dtype).toPrettyString() + "\n");
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"),
        Map.of("format", "pt"),
        tensors(checkpoint, config, dtype));
  }

  private static SequencedMap<String, TensorSource> tensors(
      Checkpoint checkpoint, ModelConfig config, DType dtype) {
    IntUnaryOperator order = TensorNames.rotaryOrder(checkpoint, config);
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    TensorNames.of(checkpoint)
        .forEach(
            (name, tensor) -> {
              boolean turned = name.endsWith(".q_proj.weight") || name.endsWith(".k_proj.weight");
              if (!name.equals("lm_head.weight") || !config.tieEmbeddings()) {
                tensors.put(name, new ConvertedTensor(tensor, dtype, turned ? order : null));
              }
            });
    return tensors;
  }

  private static ObjectNode json(ModelConfig c, DType dtype) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray("architectures").add("LlamaForCausalLM");
    json.put("model_type", "llama");
    json.put("hidden_size", c.hiddenSize());
    json.put("intermediate_size", c.intermediateSize());
    json.put("num_hidden_layers", c.layers());
    json.put("num_attention_heads", c.heads());
    json.put("num_key_value_heads", c.kvHeads());
    json.put("head_dim", c.headDim());
    json.put("vocab_size", c.vocabSize());
    json.put("max_position_embeddings", c.maxPositions());
    json.put("rms_norm_eps", c.rmsNormEps());
    json.put("rope_theta", c.rope().theta());
    switch (c.rope().scaling()) {
      case ModelConfig.Scaling.None _ -> json.putNull("rope_scaling");
      case ModelConfig.Scaling.Linear s ->
          json.putObject("rope_scaling").put("rope_type", "linear").put("factor", s.factor());
      case ModelConfig.Scaling.Llama3 s ->
          json.putObject("rope_scaling")
              .put("rope_type", "llama3")
              .put("factor", s.factor())
              .put("low_freq_factor", s.lowFreqFactor())
              .put("high_freq_factor", s.highFreqFactor())
              .put("original_max_position_embeddings", s.originalMaxPositions());
    }
    json.put("hidden_act", "silu");
    json.put("attention_bias", false);
    json.put("mlp_bias", false);
    json.put("tie_word_embeddings", c.tieEmbeddings());
    json.put("torch_dtype", dtype == DType.BF16 ? "bfloat16" : "float32");
    if (c.bosToken() >= 0) {
      json.put("bos_token_id", c.bosToken());
    }
    if (c.eosTokens().size() == 1) {
      json.put("eos_token_id", c.eosTokens().getFirst());
    } else if (!c.eosTokens().isEmpty()) {
      ArrayNode ids = json.putArray("eos_token_id");
      c.eosTokens().forEach(ids::add);
    }
    return json;
  }
}
