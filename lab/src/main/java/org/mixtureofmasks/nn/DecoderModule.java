package org.mixtureofmasks.nn;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.TensorSpec;
import org.mixtureofmasks.format.TensorSpec.Role;
import org.mixtureofmasks.format.TensorSpecs;

/**
 * A LLaMA-style decoder in libtorch: fp32 master weights and a forward pass whose FFN is pluggable.
 * Threads may pass tokens through it at once, each with a feed-forward part that allows it.
 *
 * <p>Matrix products take operands of the run's {@link Precision}; the residual stream, norms,
 * attention's scores and the loss are fp32 (bf16 attention on a CPU is 20-30 times slower).
 */
public final class DecoderModule {
  private final ModelConfig config;
  private final TensorSpecs specs;
  private final Map<String, Tensor> parameters;
  private final Precision precision;

  /** Of the longest rows so far: a model's context may be hundreds of times as long. */
  private RotaryTable rotary;

  /**
   * @param config the shape
   * @param weights fp32 tensors by their Hugging Face names, used as the masters (not copied)
   * @param precision in which matrix products are computed
   * @throws UserError if a tensor is missing or has another shape than the config asks for
   */
  public DecoderModule(ModelConfig config, Map<String, Tensor> weights, Precision precision) {
    this.config = config;
    this.specs = config.tensors();
    this.precision = precision;
    this.rotary = RotaryTable.of(config, 1);
    this.parameters = new LinkedHashMap<>();
    for (TensorSpec spec : specs.stored()) {
      Tensor t = weights.get(spec.name());
      if (t == null) {
        throw new UserError("the model has no tensor %s".formatted(spec.name()));
      }
      if (!Arrays.equals(Tensors.shape(t), spec.dimensions())) {
        throw new UserError(
            "tensor %s has shape %s, config.json asks for %s"
                .formatted(spec.name(), Arrays.toString(Tensors.shape(t)), spec.shape()));
      }
      parameters.put(spec.name(), t.set_requires_grad(true));
    }
  }

  /** A model of another's tensors, which stay as they are. */
  private DecoderModule(DecoderModule other, Map<String, Tensor> parameters) {
    this.config = other.config;
    this.specs = other.specs;
    this.precision = other.precision;
    this.rotary = RotaryTable.of(config, 1);
    this.parameters = parameters;
  }

  /**
   * The same model as it is now, as a teacher that never changes: matrices in the products' format,
   * no gradients.
   */
  public DecoderModule frozenCopy() {
    String embedding = specs.get(Role.EMBEDDING, TensorSpec.NO_LAYER).name();
    Map<String, Tensor> frozen = new LinkedHashMap<>();
    parameters.forEach(
        (name, t) -> {
          Tensor copy = t.detach().clone();
          // The embedding is also looked up in fp32, so it keeps its format.
          boolean cast = copy.dim() == 2 && !name.equals(embedding);
          frozen.put(name, cast ? precision.cast(copy) : copy);
        });
    return new DecoderModule(this, frozen);
  }

  public ModelConfig config() {
    return config;
  }

  public Precision precision() {
    return precision;
  }

  /** fp32 masters by their Hugging Face names, all trainable, in model order. */
  public Map<String, Tensor> parameters() {
    return parameters;
  }

  /** The projections of one layer's FFN. */
  public FfnWeights ffn(int layer) {
    return new FfnWeights(
        weight(Role.GATE, layer), weight(Role.UP, layer), weight(Role.DOWN, layer), precision);
  }

  /**
   * @param ids batch x length, int64
   * @param ffn the feed-forward part of every layer
   * @return logits, batch x length x vocab_size, in the products' precision
   */
  public Tensor forward(Tensor ids, FeedForward ffn) {
    Tensor logits = precision.linear(hidden(ids, ffn), outputProjection());
    return logits.view(ids.size(0), ids.size(1), config.vocabSize());
  }

  /**
   * Mean cross entropy of the next tokens, in nats, computed in fp32.
   *
   * @param ids batch x length, int64
   * @param targets batch x length, int64: the token after each of ids
   */
  public Tensor loss(Tensor ids, Tensor targets, FeedForward ffn) {
    Tensor logits = precision.linear(hidden(ids, ffn), outputProjection());
    return torch.cross_entropy_loss(
        logits.to(torch.ScalarType.Float), targets.reshape(targets.numel()));
  }

  /**
   * The last layer's output after the final norm, (batch · length) x hidden_size, fp32.
   *
   * @param ids batch x length, int64, length at most max_position_embeddings
   */
  public Tensor hidden(Tensor ids, FeedForward ffn) {
    Rows rows = rows(ids);
    Tensor x = embed(ids);
    for (int l = 0; l < config.layers(); l++) {
      if (GradMode.is_enabled()) {
        x = layer(l, x, rows, ffn);
      } else {
        layerWithoutGradients(l, x, rows, ffn);
      }
    }
    return last(x);
  }

  /**
   * How a pass's tokens lie in rows.
   *
   * @param batch rows
   * @param length tokens of each
   * @param turns of that many positions or more
   */
  record Rows(long batch, long length, RotaryTable turns) {}

  /**
   * Checks that the context holds the rows.
   *
   * @param ids batch x length, int64
   */
  Rows rows(Tensor ids) {
    long length = ids.size(1);
    if (length > config.maxPositions()) {
      throw new UserError(
          "rows of %s tokens, but the model's context ends at %s: use shorter rows"
              .formatted(length, config.maxPositions()));
    }
    return new Rows(ids.size(0), length, rotary(Math.toIntExact(length)));
  }

  /** The first layer's input, (batch · length) x hidden_size, fp32. */
  Tensor embed(Tensor ids) {
    return torch.embedding(embedding(), ids.reshape(ids.numel()));
  }

  /** A layer's output, of its input x. */
  Tensor layer(int l, Tensor x, Rows rows, FeedForward ffn) {
    Tensor middle = x.add(attention(l, norm(x, weight(Role.ATTENTION_NORM, l)), rows));
    return middle.add(ffn.apply(l, norm(middle, weight(Role.FFN_NORM, l)), ffn(l)));
  }

  /** The final norm of the last layer's output. */
  Tensor last(Tensor x) {
    return norm(x, finalNorm());
  }

  /** vocab_size x hidden_size. */
  Tensor embedding() {
    return weight(Role.EMBEDDING, TensorSpec.NO_LAYER);
  }

  /** The final norm's factors, hidden_size. */
  Tensor finalNorm() {
    return weight(Role.FINAL_NORM, TensorSpec.NO_LAYER);
  }

  /** All weights of a layer. */
  List<Tensor> weights(int layer) {
    return specs.stored().stream()
        .filter(spec -> spec.layer() == layer)
        .map(spec -> weight(spec.role(), layer))
        .toList();
  }

  /**
   * The same sums, in place, and a layer's tensors are freed with the layer: 120 MB for 2,048
   * tokens of SmolLM2-135M that stay in the cache, where those of all its layers are 3 GB of fresh
   * pages.
   *
   * @param x becomes the layer's output
   */
  private void layerWithoutGradients(int l, Tensor x, Rows rows, FeedForward ffn) {
    try (PointerScope _ = new PointerScope()) {
      x.add_(attention(l, norm(x, weight(Role.ATTENTION_NORM, l)), rows));
      x.add_(ffn.apply(l, norm(x, weight(Role.FFN_NORM, l)), ffn(l)));
    }
  }

  /**
   * Of at least so many positions; a shorter one that another thread's pass may still read is left
   * to the garbage collector.
   */
  private synchronized RotaryTable rotary(int positions) {
    if (positions > rotary.positions()) {
      rotary = RotaryTable.of(config, positions);
    }
    return rotary;
  }

  /** Positions that the rotary table has. */
  synchronized long tabulated() {
    return rotary.positions();
  }

  /** vocab_size x hidden_size: the embedding itself when the two are tied. */
  public Tensor outputProjection() {
    return config.tieEmbeddings() ? embedding() : weight(Role.OUTPUT, TensorSpec.NO_LAYER);
  }

  /** Causal self-attention; x is (batch · length) x hidden_size. */
  private Tensor attention(int l, Tensor x, Rows rows) {
    Tensor in = precision.cast(x);
    RotaryTable turns = rows.turns();
    Tensor q = turns.turn(heads(weight(Role.QUERY, l), in, rows, config.heads()));
    Tensor k = turns.turn(heads(weight(Role.KEY, l), in, rows, config.kvHeads()));
    Tensor v = heads(weight(Role.VALUE, l), in, rows, config.kvHeads());
    Tensor mixed =
        torch.scaled_dot_product_attention(
            q,
            k,
            v,
            new TensorOptional(),
            0.0,
            true,
            new DoubleOptional(),
            config.kvHeads() != config.heads());
    long width = (long) config.heads() * config.headDim();
    Tensor joined = mixed.transpose(1, 2).reshape(rows.batch() * rows.length(), width);
    return precision.linear(joined, weight(Role.ATTENTION_OUTPUT, l)).to(torch.ScalarType.Float);
  }

  /** batch x heads x length x head_dim, fp32. */
  private Tensor heads(Tensor weight, Tensor x, Rows rows, long heads) {
    return precision
        .linear(x, weight)
        .view(rows.batch(), rows.length(), heads, config.headDim())
        .transpose(1, 2)
        .to(torch.ScalarType.Float);
  }

  private Tensor norm(Tensor x, Tensor weight) {
    return torch.rms_norm(
        x,
        new long[] {config.hiddenSize()},
        new TensorOptional(weight),
        new DoubleOptional(config.rmsNormEps()));
  }

  private Tensor weight(Role role, int layer) {
    return Objects.requireNonNull(parameters.get(specs.get(role, layer).name()));
  }
}
