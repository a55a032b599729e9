package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.GgufFile;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.cli.ParameterCount.Part;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.RunLengths;
import org.mixtureofmasks.format.StoredShares;
import org.mixtureofmasks.ledger.InferenceMemory;
import org.mixtureofmasks.ledger.LedgerJson;
import org.mixtureofmasks.model.CacheType;
import org.mixtureofmasks.model.LoadOptions;

/** What is known of a model from its headers alone, as the JSON object of {@code mom inspect}. */
final class Inspection {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private Inspection() {}

  /** Tokens of a long text, unless the model takes fewer. */
  private static final int CONTEXT = 4096;

  /**
   * @param context tokens whose keys and values are to be measured; null: {@link #CONTEXT}
   * @param tensors whether to list them
   * @throws UserError if the model does not take so many tokens
   */
  static ObjectNode of(Checkpoint checkpoint, @Nullable Integer context, boolean tensors) {
    ObjectNode out = JSON.objectNode();
    out.put("path", checkpoint.path().toString());
    out.put("format", checkpoint.format().name().toLowerCase(Locale.ROOT));
    out.put("architecture", architecture(checkpoint));
    Optional<ModelConfig> config = config(checkpoint, out);
    config.ifPresent(c -> out.set("shape", shape(c)));
    ParameterCount count = new ParameterCount(checkpoint.tensors().values());
    ObjectNode parameters = out.putObject("parameters");
    parameters.put("total", count.total());
    for (Part part : Part.values()) {
      parameters.put(part.name().toLowerCase(Locale.ROOT), count.of(part));
    }
    out.put("bytes", checkpoint.bytes());
    out.put("tensors", checkpoint.tensors().size());
    ObjectNode types = out.putObject("bytes_by_dtype");
    Map<DType, Long> bytes = ParameterCount.bytesByType(checkpoint.tensors().values());
    bytes.forEach((type, n) -> types.put(type.name(), n));
    ObjectNode memory = memory(count.total(), checkpoint.bytes(), config);
    config.ifPresent(c -> memory.set("kv_cache", cache(c, context)));
    out.set("memory", memory);
    config.filter(c -> !c.sparse()).ifPresent(c -> sparsify(c, checkpoint.bytes(), out));
    out.set("tokenizer", tokenizer(checkpoint));
    config
        .flatMap(ModelConfig::mixtureOfMasks)
        .ifPresent(m -> out.set("mixture_of_masks", masks(m, config.get())));
    config.flatMap(ModelConfig::tokenMasks).ifPresent(m -> out.set("token_masks", tokenMasks(m)));
    config
        .flatMap(c -> RunLengths.of(checkpoint, c))
        .ifPresent(
            runs ->
                out.withObject("mixture_of_masks")
                    .put("mean_run", runs.meanRun())
                    .put("record_bytes", runs.recordBytes())
                    .put("neuron_bytes", runs.storedBytes())
                    .put("neuron_bytes_copied", runs.copiedBytes()));
    config.ifPresent(c -> StoredShares.of(checkpoint, c).describe(out));
    if (tensors) {
      ArrayNode list = out.putArray("tensor_list");
      checkpoint.tensors().values().forEach(t -> list.add(tensor(t)));
    }
    return out;
  }

  private static String architecture(Checkpoint checkpoint) {
    JsonNode metadata = checkpoint.metadata();
    return switch (checkpoint.format()) {
      case HUGGING_FACE -> metadata.path("model_type").asText("unnamed");
      case GGUF -> metadata.path("general.architecture").asText("unnamed");
      case LLAMA2C -> "llama";
    };
  }

  /** Whatever cannot be run can still be inspected: the reason then stands in the report. */
  private static Optional<ModelConfig> config(Checkpoint checkpoint, ObjectNode out) {
    try {
      ModelConfig config = ConfigReader.read(checkpoint);
      out.put("runnable", true);
      return Optional.of(config);
    } catch (UserError e) {
      out.put("runnable", false);
      out.put("why_not", e.getMessage());
      return Optional.empty();
    }
  }

  private static ObjectNode shape(ModelConfig c) {
    return JSON.objectNode()
        .put("num_hidden_layers", c.layers())
        .put("hidden_size", c.hiddenSize())
        .put("intermediate_size", c.intermediateSize())
        .put("num_attention_heads", c.heads())
        .put("num_key_value_heads", c.kvHeads())
        .put("head_dim", c.headDim())
        .put("vocab_size", c.vocabSize())
        .put("max_position_embeddings", c.maxPositions())
        .put("tie_word_embeddings", c.tieEmbeddings());
  }

  private static ObjectNode memory(
      long parameters, long storedBytes, Optional<ModelConfig> config) {
    ObjectNode memory = JSON.objectNode();
    memory.put("fp32_bytes", 4 * parameters);
    memory.put("bf16_bytes", 2 * parameters);
    config.ifPresent(
        c -> {
          InferenceMemory needs =
              InferenceMemory.of(
                  c, storedBytes, LoadOptions.defaults().threads(), LoadOptions.defaults().cache());
          memory.put("kv_cache_bytes_per_1000_tokens", needs.cachePer1000Tokens());
          memory.put("workspace_bytes", needs.workspace());
          memory.put("run_bytes_at_1000_tokens", needs.bytes(1000));
        });
    return memory;
  }

  /** What the pages of a text of so many tokens take in each format. */
  private static ObjectNode cache(ModelConfig config, @Nullable Integer context) {
    int tokens = context == null ? Math.min(CONTEXT, config.maxPositions()) : context;
    if (tokens < 1 || tokens > config.maxPositions()) {
      throw UserError.usage(
          "--context %d: the model takes 1 to %d tokens".formatted(tokens, config.maxPositions()));
    }
    ObjectNode cache = JSON.objectNode().put("context_tokens", tokens);
    for (CacheType type : CacheType.values()) {
      cache.put(type.name().toLowerCase(Locale.ROOT) + "_bytes", type.bytes(config, tokens));
    }
    return cache;
  }

  /** With the lab installed, what making it sparse would take. */
  private static void sparsify(ModelConfig config, long storedBytes, ObjectNode out) {
    ServiceLoader.load(TrainingNeeds.class)
        .findFirst()
        .ifPresent(needs -> out.set("sparsify", LedgerJson.of(needs.of(config, storedBytes))));
  }

  /** Where the vocabulary is, or null. */
  private static JsonNode tokenizer(Checkpoint checkpoint) {
    boolean found =
        switch (checkpoint) {
          case GgufFile gguf -> gguf.arrayLength("tokenizer.ggml.tokens") > 0;
          default -> Files.isRegularFile(checkpoint.path().resolve("tokenizer.json"));
        };
    if (!found) {
      return JSON.nullNode();
    }
    return JSON.textNode(checkpoint instanceof GgufFile ? "in the file" : "tokenizer.json");
  }

  private static ObjectNode masks(ModelConfig.MixtureOfMasks m, ModelConfig config) {
    long all = (long) config.layers() * config.intermediateSize();
    long live = m.liveNeurons().stream().mapToLong(Integer::longValue).sum();
    long shared = m.sharedNeurons().stream().mapToLong(Integer::longValue).sum();
    ObjectNode out =
        JSON.objectNode()
            .put("variant", m.variant())
            .put("layout", m.layout().word())
            .put("num_experts", m.experts())
            .put("num_experts_per_tok", m.expertsPerToken())
            .put("routing", m.routing().describe(m.experts()))
            .put("target", m.target())
            .put("active_ffn_share", m.activeFfnShare())
            .put("neurons", all)
            .put("live_neurons", live)
            .put("shared_neurons", shared)
            .put("independent_neurons", live - shared)
            .put("redundant_neurons", all - live);
    m.inputMasks()
        .ifPresent(
            inputs -> {
              out.put("paper_share", inputs.paperShare());
              out.put(
                  "kept_inputs",
                  inputs.keptInputs().stream().mapToDouble(n -> n).average().orElseThrow());
            });
    out.put("parent", m.parent().orElse(null));
    ArrayNode layers = out.putArray("layers");
    for (int l = 0; l < m.liveNeurons().size(); l++) {
      layers
          .addObject()
          .put("live_neurons", m.liveNeurons().get(l))
          .put("shared_neurons", m.sharedNeurons().get(l))
          .put("redundant_neurons", config.intermediateSize() - m.liveNeurons().get(l));
    }
    return out;
  }

  private static ObjectNode tokenMasks(ModelConfig.TokenMasks m) {
    ObjectNode out =
        JSON.objectNode()
            .put("choice", m.choice().word())
            .put("target", m.target())
            .put("active_ffn_share", m.activeFfnShare());
    out.put("parent", m.parent().orElse(null));
    ArrayNode layers = out.putArray("layers");
    for (int l = 0; l < m.keptInputs().size(); l++) {
      layers
          .addObject()
          .put("kept_inputs", m.keptInputs().get(l))
          .put("kept_neurons", m.keptNeurons().get(l));
    }
    return out;
  }

  private static ObjectNode tensor(StoredTensor t) {
    ObjectNode out = JSON.objectNode().put("name", t.name()).put("dtype", t.dtype().name());
    ArrayNode shape = out.putArray("shape");
    t.shape().forEach(shape::add);
    return out.put("bytes", t.bytes());
  }
}
