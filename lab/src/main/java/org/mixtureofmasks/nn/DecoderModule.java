package org.mixtureofmasks.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;

/**
 * A LLaMA-style decoder in libtorch: fp32 master weights and a forward pass whose FFN is pluggable.
 * For one thread at a time.
 *
 * <p>Matrix products take operands of the run's {@link Precision}; the residual stream, norms,
 * attention's scores and the loss are fp32 (bf16 attention on a CPU is 20-30 times slower).
 */
public final class DecoderModule {
  private final ModelConfig config;
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
    this.precision = precision;
    this.rotary = RotaryTable.of(config, 1);
    this.parameters = new LinkedHashMap<>();
    shapes(config)
        .forEach(
            (name, shape) -> {
              Tensor t = weights.get(name);
              if (t == null) {
                throw new UserError("the model has no tensor " + name);
              }
              if (!java.util.Arrays.equals(Tensors.shape(t), shape)) {
                throw new UserError(
                    "tensor "
                        + name
                        + " has shape "
                        + java.util.Arrays.toString(Tensors.shape(t))
                        + ", config.json asks for "
                        + java.util.Arrays.toString(shape));
              }
              parameters.put(name, t.set_requires_grad(true));
            });
  }

  /** Every tensor of a dense model of this shape with the shape it must have, in model order. */
  public static Map<String, long[]> shapes(ModelConfig c) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    long d = c.hiddenSize();
    long q = (long) c.heads() * c.headDim();
    long kv = (long) c.kvHeads() * c.headDim();
    shapes.put("model.embed_tokens.weight", new long[] {c.vocabSize(), d});
    for (int l = 0; l < c.layers(); l++) {
      String layer = "model.layers." + l + ".";
      shapes.put(layer + "input_layernorm.weight", new long[] {d});
      shapes.put(layer + "self_attn.q_proj.weight", new long[] {q, d});
      shapes.put(layer + "self_attn.k_proj.weight", new long[] {kv, d});
      shapes.put(layer + "self_attn.v_proj.weight", new long[] {kv, d});
      shapes.put(layer + "self_attn.o_proj.weight", new long[] {d, q});
      shapes.put(layer + "post_attention_layernorm.weight", new long[] {d});
      shapes.put(layer + "mlp.gate_proj.weight", new long[] {c.intermediateSize(), d});
      shapes.put(layer + "mlp.up_proj.weight", new long[] {c.intermediateSize(), d});
      shapes.put(layer + "mlp.down_proj.weight", new long[] {d, c.intermediateSize()});
    }
    shapes.put("model.norm.weight", new long[] {d});
    if (!c.tieEmbeddings()) {
      shapes.put("lm_head.weight", new long[] {c.vocabSize(), d});
    }
    return shapes;
  }

  /**
   * The same model as it is now, as a teacher that never changes: matrices in the products' format,
   * no gradients.
   */
  public DecoderModule frozenCopy() {
    DecoderModule copy = new DecoderModule(config, parameters, precision);
    copy.parameters.replaceAll(
        (name, t) -> {
          Tensor frozen = t.detach().clone();
          // The embedding is also looked up in fp32, so it keeps its format.
          return frozen.dim() == 2 && !name.equals("model.embed_tokens.weight")
              ? precision.cast(frozen)
              : frozen;
        });
    return copy;
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
        weight(layer, "mlp.gate_proj"),
        weight(layer, "mlp.up_proj"),
        weight(layer, "mlp.down_proj"),
        precision);
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
    long batch = ids.size(0);
    long length = ids.size(1);
    if (length > config.maxPositions()) {
      throw new UserError(
          "rows of "
              + length
              + " tokens, but the model's context ends at "
              + config.maxPositions()
              + ": use shorter rows");
    }
    if (length > rotary.positions()) {
      rotary.close();
      rotary = RotaryTable.of(config, Math.toIntExact(length));
    }
    Tensor x =
        torch.embedding(parameters.get("model.embed_tokens.weight"), ids.reshape(batch * length));
    for (int l = 0; l < config.layers(); l++) {
      x = x.add(attention(l, norm(x, weight(l, "input_layernorm")), batch, length));
      x = x.add(ffn.apply(l, norm(x, weight(l, "post_attention_layernorm")), ffn(l)));
    }
    return norm(x, parameters.get("model.norm.weight"));
  }

  /** Positions that the rotary table has. */
  long tabulated() {
    return rotary.positions();
  }

  /** vocab_size x hidden_size: the embedding itself when the two are tied. */
  public Tensor outputProjection() {
    return parameters.get(config.tieEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight");
  }

  /** Causal self-attention; x is (batch · length) x hidden_size. */
  private Tensor attention(int l, Tensor x, long batch, long length) {
    Tensor in = precision.cast(x);
    Tensor q = rotary.turn(heads(l, "q_proj", in, batch, length, config.heads()));
    Tensor k = rotary.turn(heads(l, "k_proj", in, batch, length, config.kvHeads()));
    Tensor v = heads(l, "v_proj", in, batch, length, config.kvHeads());
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
    Tensor joined =
        mixed.transpose(1, 2).reshape(batch * length, (long) config.heads() * config.headDim());
    return precision.linear(joined, weight(l, "self_attn.o_proj")).to(torch.ScalarType.Float);
  }

  /** batch x heads x length x head_dim, fp32. */
  private Tensor heads(int l, String name, Tensor x, long batch, long length, long heads) {
    return precision
        .linear(x, weight(l, "self_attn." + name))
        .view(batch, length, heads, config.headDim())
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

  private Tensor weight(int layer, String name) {
    return parameters.get("model.layers." + layer + "." + name + ".weight");
  }
}
