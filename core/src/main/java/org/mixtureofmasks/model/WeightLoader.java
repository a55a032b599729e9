package org.mixtureofmasks.model;

import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.TensorNames;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Matrix;

/** Makes the weights of a model from a checkpoint, every shape checked against the config. */
final class WeightLoader {
  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final WeightSource source;

  private WeightLoader(
      Checkpoint checkpoint,
      ModelConfig config,
      Function<DType, Format> formats,
      SegmentAllocator memory,
      boolean mapped) {
    this.checkpoint = checkpoint;
    this.config = config;
    this.source =
        new WeightSource(checkpoint.path(), TensorNames.of(checkpoint), formats, memory, mapped);
  }

  /**
   * @param formats what a matrix that is stored so is kept in
   * @param memory holds what cannot stay in the mapped files
   * @param mapped whether what can stay there does
   * @throws BadCheckpoint naming the tensor that is missing or of another shape
   */
  static ModelWeights load(
      Checkpoint checkpoint,
      ModelConfig config,
      Function<DType, Format> formats,
      SegmentAllocator memory,
      boolean mapped) {
    return new WeightLoader(checkpoint, config, formats, memory, mapped).load();
  }

  private ModelWeights load() {
    int d = config.hiddenSize();
    Matrix embedding = source.matrix("model.embed_tokens.weight", config.vocabSize(), d);
    List<ModelWeights.Layer> layers = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      layers.add(layer(l));
    }
    return new ModelWeights(
        embedding,
        layers,
        source.vector("model.norm.weight", d),
        config.tieEmbeddings()
            ? embedding
            : source.matrix("lm_head.weight", config.vocabSize(), d));
  }

  private ModelWeights.Layer layer(int l) {
    String prefix = TensorNames.layer(l);
    int d = config.hiddenSize();
    int q = config.heads() * config.headDim();
    int kv = config.kvHeads() * config.headDim();
    IntUnaryOperator order = TensorNames.rotaryOrder(checkpoint, config);
    return new ModelWeights.Layer(
        source.vector(prefix + "input_layernorm.weight", d),
        new Attention.GroupedQuery(
            source.matrix(prefix + "self_attn.q_proj.weight", q, d, order),
            source.matrix(prefix + "self_attn.k_proj.weight", kv, d, order),
            source.matrix(prefix + "self_attn.v_proj.weight", kv, d),
            source.matrix(prefix + "self_attn.o_proj.weight", d, q)),
        source.vector(prefix + "post_attention_layernorm.weight", d),
        feedForward(l, prefix + "mlp."));
  }

  private FeedForward feedForward(int l, String prefix) {
    if (config.mixtureOfMasks().isEmpty()) {
      return dense(source, config, prefix);
    }
    return new SparseLoader(checkpoint, config, source).load(l, prefix);
  }

  /** The three projections whole. */
  static FeedForward.Dense dense(WeightSource source, ModelConfig config, String prefix) {
    int d = config.hiddenSize();
    int m = config.intermediateSize();
    return new FeedForward.Dense(
        source.matrix(prefix + "gate_proj.weight", m, d),
        source.matrix(prefix + "up_proj.weight", m, d),
        source.matrix(prefix + "down_proj.weight", d, m));
  }
}
