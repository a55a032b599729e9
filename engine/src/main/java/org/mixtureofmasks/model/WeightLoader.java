package org.mixtureofmasks.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.mixtureofmasks.checkpoint.BadCheckpoint;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.kernel.Matrix;

/** Makes the weights of a model from a checkpoint, every shape checked against the config. */
final class WeightLoader {
  private final Checkpoint checkpoint;
  private final LlamaConfig config;
  private final WeightSource source;

  private WeightLoader(
      Checkpoint checkpoint,
      LlamaConfig config,
      Llama.WeightType type,
      SegmentAllocator memory,
      boolean mapped) {
    this.checkpoint = checkpoint;
    this.config = config;
    this.source =
        new WeightSource(checkpoint.path(), TensorNames.of(checkpoint), type, memory, mapped);
  }

  /**
   * @param memory holds what cannot stay in the mapped files
   * @param mapped whether what can stay there does
   * @throws BadCheckpoint naming the tensor that is missing or of another shape
   */
  static LlamaWeights load(
      Checkpoint checkpoint,
      LlamaConfig config,
      Llama.WeightType type,
      SegmentAllocator memory,
      boolean mapped) {
    return new WeightLoader(checkpoint, config, type, memory, mapped).load();
  }

  private LlamaWeights load() {
    int d = config.hiddenSize();
    Matrix embedding = source.matrix("model.embed_tokens.weight", config.vocabSize(), d);
    List<LlamaWeights.Layer> layers = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      layers.add(layer(l));
    }
    return new LlamaWeights(
        embedding,
        layers,
        source.vector("model.norm.weight", d),
        config.tieEmbeddings()
            ? embedding
            : source.matrix("lm_head.weight", config.vocabSize(), d));
  }

  private LlamaWeights.Layer layer(int l) {
    String prefix = TensorNames.layer(l);
    int d = config.hiddenSize();
    int q = config.heads() * config.headDim();
    int kv = config.kvHeads() * config.headDim();
    IntUnaryOperator order = TensorNames.rotaryOrder(checkpoint, config);
    return new LlamaWeights.Layer(
        source.vector(prefix + "input_layernorm.weight", d),
        source.matrix(prefix + "self_attn.q_proj.weight", q, d, order),
        source.matrix(prefix + "self_attn.k_proj.weight", kv, d, order),
        source.matrix(prefix + "self_attn.v_proj.weight", kv, d),
        source.matrix(prefix + "self_attn.o_proj.weight", d, q),
        source.vector(prefix + "post_attention_layernorm.weight", d),
        feedForward(l, prefix + "mlp."));
  }

  private FeedForward feedForward(int l, String prefix) {
    if (config.mixtureOfMasks().isEmpty()) {
      return dense(prefix);
    }
    LlamaConfig.MixtureOfMasks mom = config.mixtureOfMasks().get();
    Router router =
        new Router(
            source.exact(
                prefix + "router.weight",
                mom.routing().routerRows(mom.experts()),
                config.hiddenSize()),
            mom.experts(),
            mom.routing());
    JsonNode layout = checkpoint.metadata().path(HuggingFaceConfig.SPARSE).path("layout");
    return switch (layout.asText()) {
      case "runs" -> experts(prefix, router, l, mom.liveNeurons().get(l));
      case "copied" -> experts(prefix, router, l, -1);
      case "masked" -> new FeedForward.Masked(dense(prefix), router, masks(l, mom.experts()));
      default ->
          throw new BadCheckpoint(
              checkpoint.path().resolve("config.json"),
              -1,
              "layout " + layout + " is unknown; runs, copied and masked are read");
    };
  }

  private FeedForward.Dense dense(String prefix) {
    int d = config.hiddenSize();
    int m = config.intermediateSize();
    return new FeedForward.Dense(
        source.matrix(prefix + "gate_proj.weight", m, d),
        source.matrix(prefix + "up_proj.weight", m, d),
        source.matrix(prefix + "down_proj.weight", d, m));
  }

  /** With live neurons below 0 any number of stored ones will do. */
  private FeedForward.Experts experts(String prefix, Router router, int l, int live) {
    int d = config.hiddenSize();
    StoredTensor neurons =
        source.tensor(prefix + "neurons", shapeOf(prefix + "neurons", 0, live), 3, d);
    long rows = 3 * neurons.shape().getFirst();
    if (rows > Integer.MAX_VALUE) {
      throw new BadCheckpoint(
          neurons.file(), neurons.offset(), "tensor '" + neurons.name() + "' has too many neurons");
    }
    StoredTensor runs =
        source.tensor(prefix + "experts.runs", shapeOf(prefix + "experts.runs", 0, -1), 2);
    int[] offsets =
        Elements.toInts(source.tensor(prefix + "experts.offsets", router.experts() + 1L));
    int stored = (int) (rows / 3);
    ExpertRuns held = new ExpertRuns(offsets, Elements.toInts(runs), stored, runs);
    return new FeedForward.Experts(
        source.matrix(neurons, (int) rows, d, null),
        router,
        held,
        union(router.routing(), held, l, stored, live < 0));
  }

  private UnscaledUnion union(Routing routing, ExpertRuns runs, int l, int stored, boolean copies) {
    if (routing.weights() != Routing.Weights.ONES || routing.topK() == 1) {
      return null;
    }
    if (!copies) {
      return new UnscaledUnion(runs, IntStream.range(0, stored).toArray(), stored);
    }
    try (MaskFile file = MaskFile.of(checkpoint)) {
      int m = config.intermediateSize();
      return new UnscaledUnion(runs, file.neuronOrder(l, stored, m), m);
    }
  }

  /** The wanted size of a dimension, or the one that the tensor has when any will do. */
  private long shapeOf(String name, int dimension, int wanted) {
    if (wanted >= 0) {
      return wanted;
    }
    StoredTensor tensor = source.find(name);
    return tensor == null || tensor.shape().size() <= dimension ? 0 : tensor.shape().get(dimension);
  }

  private byte[][] masks(int l, int experts) {
    try (MaskFile file = MaskFile.of(checkpoint)) {
      return file.masks(l, "masks", experts, config.intermediateSize());
    }
  }
}
