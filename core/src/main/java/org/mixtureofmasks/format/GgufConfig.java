package org.mixtureofmasks.format;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/** The llama.* metadata of a GGUF file. */
final class GgufConfig {
  /** Factors of the rotary frequencies of Llama 3.1 and later, one for each pair of a head. */
  static final String ROPE_FACTORS = "rope_freqs.weight";

  // What every Llama 3.1, 3.2 and 3.3 was trained with; GGUF stores only the resulting factors.
  private static final double LOW_FREQ_FACTOR = 1;
  private static final double HIGH_FREQ_FACTOR = 4;
  private static final double ORIGINAL_POSITIONS = 8192;

  private GgufConfig() {}

  static ModelConfig read(Checkpoint checkpoint) {
    Path file = checkpoint.path();
    Fields f = new Fields(file, checkpoint.metadata());
    String architecture = f.text("general.architecture", "");
    if (!architecture.equals("llama")) {
      throw new BadCheckpoint(
          file, -1, "general.architecture '" + architecture + "' is unknown; llama is read");
    }
    if (f.has("llama.expert_count") && f.node().path("llama.expert_count").asLong() != 0) {
      throw f.wrong("llama.expert_count", "0: mixtures of experts in GGUF are not read");
    }
    int d = f.positive("llama.embedding_length");
    int heads = f.positive("llama.attention.head_count");
    if (!f.has("llama.attention.key_length") && d % heads != 0) {
      throw f.wrong("llama.attention.head_count", "a divisor of embedding_length " + d);
    }
    int headDim = f.positive("llama.attention.key_length", d / heads);
    if (f.positive("llama.rope.dimension_count", headDim) != headDim) {
      throw f.wrong("llama.rope.dimension_count", headDim + ": heads are turned whole");
    }
    if (f.positive("llama.attention.value_length", headDim) != headDim) {
      throw f.wrong("llama.attention.value_length", headDim + " as the keys");
    }
    StoredTensor embedding = checkpoint.tensors().get("token_embd.weight");
    if (embedding == null || embedding.shape().size() != 2) {
      throw new BadCheckpoint(file, -1, "has no matrix 'token_embd.weight'");
    }
    double theta = f.positiveReal("llama.rope.freq_base", 10_000);
    return new ModelConfig(
        d,
        f.positive("llama.feed_forward_length"),
        f.positive("llama.block_count"),
        heads,
        f.positive("llama.attention.head_count_kv", heads),
        headDim,
        // The embedding is what ids index; llama.vocab_size is often absent.
        f.positive(
            "llama.vocab_size", Math.toIntExact(Math.min(1 << 30, embedding.shape().get(0)))),
        f.positive("llama.context_length"),
        f.positiveReal("llama.attention.layer_norm_rms_epsilon"),
        new ModelConfig.Rope(theta, scaling(f, checkpoint, theta, headDim)),
        !checkpoint.tensors().containsKey("output.weight"),
        f.ints("tokenizer.ggml.bos_token_id").stream().findFirst().orElse(-1),
        f.ints("tokenizer.ggml.eos_token_id"),
        Optional.empty());
  }

  private static ModelConfig.Scaling scaling(
      Fields f, Checkpoint checkpoint, double theta, int headDim) {
    String type = f.text("llama.rope.scaling.type", "none");
    StoredTensor factors = checkpoint.tensors().get(ROPE_FACTORS);
    if (type.equals("linear") && factors == null) {
      return new ModelConfig.Scaling.Linear(f.positiveReal("llama.rope.scaling.factor"));
    }
    if (!type.equals("none")) {
      throw f.wrong("llama.rope.scaling.type", "none or linear");
    }
    return factors == null ? new ModelConfig.Scaling.None() : llama3(factors, theta, headDim);
  }

  /** Finds the scaling whose factors are stored, or refuses them. */
  private static ModelConfig.Scaling llama3(StoredTensor stored, double theta, int headDim) {
    float[] factors = Elements.toFloats(stored);
    double most = 0;
    for (float factor : factors) {
      most = Math.max(most, factor);
    }
    for (ModelConfig.Scaling scaling :
        List.of(
            new ModelConfig.Scaling.None(),
            new ModelConfig.Scaling.Llama3(
                most, LOW_FREQ_FACTOR, HIGH_FREQ_FACTOR, ORIGINAL_POSITIONS))) {
      double[] plain = Rotary.frequencies(theta, new ModelConfig.Scaling.None(), headDim);
      double[] scaled = Rotary.frequencies(theta, scaling, headDim);
      boolean same = factors.length == plain.length;
      for (int i = 0; same && i < factors.length; i++) {
        same = Math.abs(plain[i] / scaled[i] / factors[i] - 1) < 1e-3;
      }
      if (same) {
        return scaling;
      }
    }
    throw new BadCheckpoint(
        stored.file(),
        stored.offset(),
        "tensor '" + ROPE_FACTORS + "' holds factors that are not those of Llama 3's scaling");
  }
}
