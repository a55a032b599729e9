package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.StrictJson;

/**
 * config.json in both of its dialects: rope_theta and rope_scaling at the top (transformers up to
 * 4), or both inside rope_parameters (transformers 5). Absent members take the defaults of
 * transformers' ModelConfig; what the engine does not compute is refused, never ignored.
 */
public final class HuggingFaceConfig {
  public static final String SPARSE = "mixture_of_masks";
  static final String KEPT_INPUTS = "kept_inputs";

  private HuggingFaceConfig() {}

  static ModelConfig read(Checkpoint checkpoint) {
    Path file = checkpoint.path().resolve("config.json");
    Fields f = new Fields(file, checkpoint.metadata());
    refuseUnsupported(f);
    int d = f.positive("hidden_size");
    int heads = f.positive("num_attention_heads");
    if (!f.has("head_dim") && d % heads != 0) {
      throw new BadCheckpoint(
          file,
          -1,
          "hidden_size " + d + " is no multiple of num_attention_heads " + heads + ": no head_dim");
    }
    int layers = f.positive("num_hidden_layers");
    int m = f.positive("intermediate_size");
    List<Integer> bos = f.ints("bos_token_id");
    return new ModelConfig(
        d,
        m,
        layers,
        heads,
        f.positive("num_key_value_heads", heads),
        f.positive("head_dim", d / heads),
        f.positive("vocab_size"),
        f.positive("max_position_embeddings", 2048),
        f.positiveReal("rms_norm_eps", 1e-6),
        rope(f),
        f.flag("tie_word_embeddings", false),
        bos.isEmpty() ? -1 : bos.getFirst(),
        eosTokens(f, checkpoint.path()),
        f.text("model_type", "").equals(SPARSE)
            ? Optional.of(sparse(f.object(SPARSE), layers, m, d))
            : Optional.empty());
  }

  private static void refuseUnsupported(Fields f) {
    String type = f.text("model_type", "");
    if (!Set.of("llama", SPARSE).contains(type)) {
      throw new BadCheckpoint(
          f.file(),
          -1,
          "model_type '"
              + type
              + "' is an unknown architecture; llama and "
              + SPARSE
              + " are read");
    }
    if (type.equals(SPARSE) && !f.has(SPARSE)) {
      throw new BadCheckpoint(
          f.file(), -1, "has model_type " + SPARSE + " but no member " + SPARSE);
    }
    String activation = f.text("hidden_act", "silu");
    if (!activation.equals("silu")) {
      throw new BadCheckpoint(
          f.file(), -1, "hidden_act '" + activation + "' is not supported; only silu is");
    }
    for (String bias : List.of("attention_bias", "mlp_bias")) {
      if (f.flag(bias, false)) {
        throw new BadCheckpoint(f.file(), -1, bias + " true is not supported: layers have no bias");
      }
    }
  }

  private static ModelConfig.Rope rope(Fields f) {
    boolean newer = f.has("rope_parameters");
    Fields r = f.object(newer ? "rope_parameters" : "rope_scaling");
    double theta = f.positiveReal("rope_theta", 10_000);
    if (newer) {
      theta = r.positiveReal("rope_theta", theta);
    }
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
              throw r.wrong("high_freq_factor", "above low_freq_factor " + low);
            }
            yield new ModelConfig.Scaling.Llama3(
                r.positiveReal("factor"),
                low,
                high,
                r.positiveReal("original_max_position_embeddings"));
          }
          default ->
              throw new BadCheckpoint(
                  f.file(),
                  -1,
                  "rope_type '" + type + "' is not supported; default, linear and llama3 are");
        };
    return new ModelConfig.Rope(theta, scaling);
  }

  /** The ids of config.json and those of generation_config.json, which chat models add to. */
  private static List<Integer> eosTokens(Fields f, Path folder) {
    Set<Integer> tokens = new LinkedHashSet<>(f.ints("eos_token_id"));
    Path generation = folder.resolve("generation_config.json");
    if (Files.isRegularFile(generation)) {
      tokens.addAll(
          new Fields(generation, StrictJson.readObject(generation, StrictJson.CONFIG_LIMIT))
              .ints("eos_token_id"));
    }
    return new ArrayList<>(tokens);
  }

  private static ModelConfig.MixtureOfMasks sparse(Fields f, int layers, int m, int d) {
    int version = f.positive("format_version");
    if (version > 2) {
      throw f.wrong("format_version", "1 or 2; a newer mom wrote this model");
    }
    for (String newer : List.of(RoutingJson.MEMBER, KEPT_INPUTS)) {
      if (version < 2 && f.has(newer)) {
        throw f.wrong("format_version", "2 for a model with " + newer);
      }
    }
    int experts = f.positive("num_experts");
    int k = f.positive("num_experts_per_tok");
    if (k > experts) {
      throw f.wrong("num_experts_per_tok", "at most num_experts " + experts);
    }
    Routing routing = RoutingJson.read(f.object(RoutingJson.MEMBER), k);
    if (routing.select() == Routing.Select.THRESHOLD && k != experts) {
      throw f.wrong("num_experts_per_tok", "num_experts " + experts + ": a threshold may pass all");
    }
    return new ModelConfig.MixtureOfMasks(
        f.text("variant", "mom"),
        experts,
        routing,
        share(f, "target"),
        share(f, "active_ffn_share"),
        neurons(f, "live_neurons", layers, m),
        neurons(f, "shared_neurons", layers, m),
        f.has(KEPT_INPUTS) ? Optional.of(inputMasks(f, routing, layers, d)) : Optional.empty());
  }

  private static ModelConfig.InputMasks inputMasks(Fields f, Routing routing, int layers, int d) {
    if (routing.select() != Routing.Select.TOP_K || routing.topK() != 1) {
      throw f.wrong("num_experts_per_tok", "1, of top_k, for a model with " + KEPT_INPUTS);
    }
    List<Double> kept = new ArrayList<>();
    for (JsonNode n : f.node().path(KEPT_INPUTS)) {
      kept.add(n.isNumber() ? n.doubleValue() : Double.NaN);
    }
    if (kept.size() != layers || !kept.stream().allMatch(n -> n >= 0 && n <= d)) {
      throw f.wrong(KEPT_INPUTS, layers + " numbers from 0 to hidden_size " + d);
    }
    return new ModelConfig.InputMasks(kept, share(f, "paper_share"));
  }

  /** A share in [0, 1]: masks may be empty. */
  private static double share(Fields f, String key) {
    double value = f.node().path(key).asDouble(Double.NaN);
    if (!f.node().path(key).isNumber() || !(value >= 0 && value <= 1)) {
      throw f.wrong(key, "a share from 0 to 1");
    }
    return value;
  }

  private static List<Integer> neurons(Fields f, String key, int layers, int m) {
    List<Integer> counts = f.ints(key);
    if (counts.size() != layers || counts.stream().anyMatch(n -> n < 0 || n > m)) {
      throw f.wrong(key, layers + " numbers from 0 to intermediate_size " + m);
    }
    return counts;
  }
}
