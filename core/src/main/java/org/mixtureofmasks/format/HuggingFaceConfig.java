package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.LenientJson;
import org.mixtureofmasks.io.StrictJson;

/**
 * config.json in both of its dialects: rope_theta and rope_scaling at the top (transformers up to
 * 4), or both inside rope_parameters (transformers 5). Absent members take the defaults of
 * transformers' configuration class; what the engine does not compute is refused, never ignored.
 */
final class HuggingFaceConfig {
  static final String FILE = "config.json";

  private static final String GENERATION_FILE = "generation_config.json";
  private static final String TIED = "tie_word_embeddings";

  // What transformers' LlamaConfig and MistralConfig take for ids that config.json leaves out.
  private static final int DEFAULT_BOS = 1;
  private static final int DEFAULT_EOS = 2;

  private HuggingFaceConfig() {}

  /** The shape of the model in a folder. */
  static ModelConfig read(Checkpoint checkpoint) {
    Path generation = checkpoint.path().resolve(GENERATION_FILE);
    // Chat models add ids to those of config.json.
    List<Integer> endsInChats =
        LenientJson.readObject(generation, StrictJson.CONFIG_LIMIT)
            .map(json -> new Fields(generation, json).ints("eos_token_id"))
            .orElse(List.of());
    return parse(checkpoint.path().resolve(FILE), metadata(checkpoint), endsInChats);
  }

  /** The folder's config.json; tie_word_embeddings is as the stored tensors have it. */
  static ObjectNode metadata(Checkpoint checkpoint) {
    ObjectNode json = checkpoint.metadata();
    if (json.path(TIED).booleanValue() && StoredNames.hasOwnHead(checkpoint)) {
      json.put(TIED, false);
    }
    return json;
  }

  /**
   * The shape that a config.json describes.
   *
   * @param file named in errors
   */
  static ModelConfig parse(Path file, ObjectNode json) {
    return parse(file, json, List.of());
  }

  private static ModelConfig parse(Path file, ObjectNode json, List<Integer> moreEosTokens) {
    Fields f = new Fields(file, json);
    String type = f.text("model_type", "");
    boolean experts = type.equals(SparseNames.MEMBER);
    boolean tokenMasks = type.equals(SparseNames.TOKEN_MEMBER);
    Family family = family(f, type);
    int positions = f.positive("max_position_embeddings", family.defaults().maxPositions());
    NotComputed.refuse(f, positions);
    ModelConfig.Block block = family.block(f);
    int d = f.positive("hidden_size");
    int heads = f.positive("num_attention_heads");
    if (!f.has("head_dim") && d % heads != 0) {
      throw new BadCheckpoint(
          file,
          -1,
          "hidden_size %d is no multiple of num_attention_heads %d: no head_dim"
              .formatted(d, heads));
    }
    int layers = f.positive("num_hidden_layers");
    int m = f.positive("intermediate_size");
    return new ModelConfig(
        family,
        d,
        m,
        layers,
        new ModelConfig.Attention(
            heads, kvHeads(f, family, heads), f.positive("head_dim", d / heads)),
        positions,
        rope(f, positions),
        block,
        vocabulary(f, moreEosTokens),
        experts
            ? Optional.of(SparseJson.read(f.object(SparseNames.MEMBER), layers, m, d))
            : Optional.empty(),
        tokenMasks
            ? Optional.of(TokenMaskJson.read(f.object(SparseNames.TOKEN_MEMBER), layers))
            : Optional.empty());
  }

  private static Family family(Fields f, String type) {
    boolean experts = type.equals(SparseNames.MEMBER);
    if (!experts && !type.equals(SparseNames.TOKEN_MEMBER)) {
      return Families.find(type)
          .orElseThrow(
              () ->
                  new BadCheckpoint(
                      f.file(),
                      -1,
                      "model_type '%s' is an unknown architecture; %s are read"
                          .formatted(type, Families.modelTypes())));
    }
    if (!f.has(type)) {
      throw new BadCheckpoint(
          f.file(), -1, "has model_type %s but no member %s".formatted(type, type));
    }
    Fields member = f.object(type);
    return experts ? SparseJson.family(member) : TokenMaskJson.family(member);
  }

  /** null means as many as query heads, whatever the family's default. */
  private static int kvHeads(Fields f, Family family, int heads) {
    boolean none = f.node().path("num_key_value_heads").isNull();
    return f.positive(
        "num_key_value_heads", none ? heads : family.defaults().kvHeads().orElse(heads));
  }

  private static ModelConfig.Vocabulary vocabulary(Fields f, List<Integer> moreEosTokens) {
    int size = f.positive("vocab_size");
    List<Integer> bos = tokens(f, "bos_token_id", DEFAULT_BOS, size);
    Set<Integer> eos = new LinkedHashSet<>(tokens(f, "eos_token_id", DEFAULT_EOS, size));
    eos.addAll(moreEosTokens);
    return new ModelConfig.Vocabulary(
        size, f.flag(TIED, false), bos.isEmpty() ? -1 : bos.getFirst(), new ArrayList<>(eos));
  }

  /** A member that is missing has its default; null is none. */
  private static List<Integer> tokens(Fields f, String key, int usual, int vocabulary) {
    boolean missing = f.node().path(key).isMissingNode();
    return missing && usual < vocabulary ? List.of(usual) : f.ints(key);
  }

  private static ModelConfig.Rope rope(Fields f, int positions) {
    Fields older = f.object("rope_scaling");
    Fields r = older.node().isEmpty() ? f.object("rope_parameters") : older;
    double theta = r.positiveReal("rope_theta", f.positiveReal("rope_theta", 10_000));
    for (Fields place : List.of(f, r)) {
      if (place.positiveReal("partial_rotary_factor", 1) != 1) {
        throw place.wrong("partial_rotary_factor", "1: heads are turned whole");
      }
    }
    String type = r.text("rope_type", r.text("type", "default"));
    ModelConfig.Scaling scaling =
        switch (type) {
          case "default" -> new ModelConfig.Scaling.None();
          case "linear" -> new ModelConfig.Scaling.Linear(r.positiveReal("factor"));
          case "llama3" -> {
            double low = r.positiveReal("low_freq_factor");
            double high = r.positiveReal("high_freq_factor");
            if (high <= low) {
              throw r.wrong("high_freq_factor", "above low_freq_factor %s".formatted(low));
            }
            // The place at the top counts more, as in transformers.
            String key = "original_max_position_embeddings";
            yield new ModelConfig.Scaling.Llama3(
                r.positiveReal("factor"),
                low,
                high,
                f.positiveReal(key, r.positiveReal(key, positions)));
          }
          default ->
              throw new BadCheckpoint(
                  f.file(),
                  -1,
                  "rope_type '%s' is not supported; default, linear and llama3 are"
                      .formatted(type));
        };
    return new ModelConfig.Rope(theta, scaling);
  }

  /**
   * A dense model's config.json.
   *
   * @param dtype of its weights
   * @throws org.mixtureofmasks.UserError if no rope_type says what its rotary scaling is
   */
  static ObjectNode write(ModelConfig c, DType dtype) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putArray("architectures").add(c.family().architecture());
    json.put("model_type", c.family().modelType());
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
    switch (RopeFactors.named(c.rope(), c.headDim())) {
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
      case ModelConfig.Scaling.Factors _ -> throw new IllegalStateException("without a name");
    }
    c.family().writeBlock(c.block(), json);
    json.put(TIED, c.tieEmbeddings());
    json.put("torch_dtype", word(dtype));
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

  /** A copy of a config.json that says what type its weights have now. */
  static ObjectNode withDtype(ObjectNode config, DType dtype) {
    ObjectNode copy = config.deepCopy();
    // transformers 5 calls it dtype, older ones torch_dtype.
    return copy.put(copy.has("dtype") ? "dtype" : "torch_dtype", word(dtype));
  }

  private static String word(DType dtype) {
    return dtype == DType.BF16 ? "bfloat16" : "float32";
  }
}
