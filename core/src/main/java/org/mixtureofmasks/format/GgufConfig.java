package org.mixtureofmasks.format;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.GgufFile;
import org.mixtureofmasks.checkpoint.GgufSpecialTokens;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/** The metadata of a GGUF file; keys begin with the architecture's name. */
final class GgufConfig {
  /** What divides the rotary frequencies of Llama 3.1 and later, one for each pair of a head. */
  static final String ROPE_FACTORS = "rope_freqs.weight";

  private final Checkpoint checkpoint;
  private final Fields f;
  private final Family family;
  private final String prefix;

  private GgufConfig(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    this.f = new Fields(checkpoint.path(), checkpoint.metadata());
    String architecture = f.text("general.architecture", "");
    this.family = Families.ofGguf(checkpoint.path(), architecture);
    this.prefix = architecture + ".";
  }

  static ModelConfig read(Checkpoint checkpoint) {
    return new GgufConfig(checkpoint).read();
  }

  private ModelConfig read() {
    String experts = prefix + "expert_count";
    if (f.has(experts) && f.node().path(experts).asLong() != 0) {
      throw f.wrong(experts, "0: mixtures of experts in GGUF are not read");
    }
    int positions = f.positive(prefix + "context_length");
    NotComputed.refuseGguf(f, prefix, positions);
    int d = f.positive(prefix + "embedding_length");
    int heads = f.positive(prefix + "attention.head_count");
    if (!f.has(prefix + "attention.key_length") && d % heads != 0) {
      throw f.wrong(
          "%sattention.head_count".formatted(prefix),
          "a divisor of embedding_length %d".formatted(d));
    }
    int headDim = headDim(d / heads);
    double theta = f.positiveReal(prefix + "rope.freq_base", 10_000);
    return new ModelConfig(
        family,
        d,
        f.positive(prefix + "feed_forward_length"),
        f.positive(prefix + "block_count"),
        new ModelConfig.Attention(
            heads, f.positive(prefix + "attention.head_count_kv", heads), headDim),
        positions,
        new ModelConfig.Rope(theta, scaling(headDim)),
        family.ggufBlock(f, prefix),
        vocabulary(),
        Optional.empty(),
        Optional.empty());
  }

  private int headDim(int even) {
    int headDim = f.positive(prefix + "attention.key_length", even);
    if (f.positive(prefix + "rope.dimension_count", headDim) != headDim) {
      throw f.wrong(
          "%srope.dimension_count".formatted(prefix),
          "%d: heads are turned whole".formatted(headDim));
    }
    if (f.positive(prefix + "attention.value_length", headDim) != headDim) {
      throw f.wrong(
          "%sattention.value_length".formatted(prefix), "%d as the keys".formatted(headDim));
    }
    return headDim;
  }

  private ModelConfig.Vocabulary vocabulary() {
    Path file = checkpoint.path();
    StoredTensor embedding = checkpoint.tensors().get("token_embd.weight");
    if (embedding == null || embedding.shape().size() != 2) {
      throw new BadCheckpoint(file, -1, "has no matrix 'token_embd.weight'");
    }
    Optional<GgufSpecialTokens> special =
        checkpoint instanceof GgufFile gguf
            ? Optional.of(GgufSpecialTokens.of(gguf))
            : Optional.empty();
    // The embedding is what ids index; vocab_size is often absent.
    int rows = Math.toIntExact(Math.min(1 << 30, embedding.shape().getFirst()));
    return new ModelConfig.Vocabulary(
        f.positive(prefix + "vocab_size", rows),
        !checkpoint.tensors().containsKey("output.weight"),
        special.map(tokens -> tokens.id("bos")).orElse(-1),
        special.map(tokens -> List.copyOf(tokens.ends())).orElse(List.of()));
  }

  /**
   * As llama.cpp reads it: no type means linear, no factor or 0 means none, and the factors of each
   * pair, if there are any, come on top.
   */
  private ModelConfig.Scaling scaling(int headDim) {
    String key = prefix + "rope.scaling.type";
    String type = f.text(key, "linear");
    if (!type.equals("none") && !type.equals("linear")) {
      throw f.wrong(key, "none or linear");
    }
    double factor = type.equals("none") ? 1 : linearFactor();
    StoredTensor factors = checkpoint.tensors().get(ROPE_FACTORS);
    if (factors != null) {
      return factors(factors, headDim, factor);
    }
    return factor == 1 ? new ModelConfig.Scaling.None() : new ModelConfig.Scaling.Linear(factor);
  }

  private double linearFactor() {
    for (String name : List.of("rope.scaling.factor", "rope.scale_linear")) {
      String key = prefix + name;
      if (f.has(key)) {
        return f.node().path(key).doubleValue() == 0 ? 1 : f.positiveReal(key);
      }
    }
    return 1;
  }

  private static ModelConfig.Scaling factors(StoredTensor stored, int headDim, double linear) {
    if (!stored.shape().equals(List.of(headDim / 2L))) {
      throw bad(stored, "has shape %s, expected is [%d]".formatted(stored.shape(), headDim / 2));
    }
    List<Float> divisors = new ArrayList<>();
    for (float factor : Elements.toFloats(stored)) {
      if (!(factor > 0) || Float.isInfinite(factor)) {
        throw bad(stored, "holds %s, which divides no frequency".formatted(factor));
      }
      divisors.add((float) (factor * linear));
    }
    return new ModelConfig.Scaling.Factors(divisors);
  }

  private static BadCheckpoint bad(StoredTensor tensor, String reason) {
    return new BadCheckpoint(
        tensor.file(), tensor.offset(), "tensor '%s' %s".formatted(tensor.name(), reason));
  }
}
