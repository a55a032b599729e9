package org.mixtureofmasks.model;

import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.format.Directions;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ModelTensors;
import org.mixtureofmasks.format.SparseFolder;
import org.mixtureofmasks.format.StoredExperts;
import org.mixtureofmasks.format.StoredTokenMasks;
import org.mixtureofmasks.format.TensorSpec;
import org.mixtureofmasks.format.TensorSpec.Role;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.PreviewFfn;
import org.mixtureofmasks.kernel.TokenMaskedFfn;
import org.mixtureofmasks.model.WeightSource.ColumnScaled;

/**
 * Makes the weights of a model from a checkpoint. Every tensor is checked against the configuration
 * before the first one is converted.
 */
final class WeightLoader {
  private final ModelConfig config;
  private final ModelTensors tensors;
  private final WeightSource source;

  private WeightLoader(ModelConfig config, ModelTensors tensors, WeightSource source) {
    this.config = config;
    this.tensors = tensors;
    this.source = source;
  }

  /**
   * @param formats what matrices are kept in
   * @param memory holds what cannot stay in the mapped files
   * @throws BadCheckpoint naming the tensor that is missing, of another shape, or left over
   */
  static ModelWeights load(
      Checkpoint checkpoint, ModelConfig config, WeightFormats formats, WeightMemory memory) {
    ModelTensors tensors = ModelTensors.of(checkpoint, config);
    WeightSource source = new WeightSource(formats, memory);
    WeightLoader loader = new WeightLoader(config, tensors, source);
    if (config.tokenMasks().isPresent()) {
      List<StoredTokenMasks> stored = new ArrayList<>();
      for (int l = 0; l < config.layers(); l++) {
        stored.add(StoredTokenMasks.of(tensors, config, l));
      }
      return loader.load(l -> loader.tokenMasks(stored.get(l)));
    }
    if (config.mixtureOfMasks().isEmpty()) {
      return loader.load(loader::dense);
    }
    try (SparseFolder folder = new SparseFolder(checkpoint, config, tensors)) {
      List<StoredExperts> experts = new ArrayList<>();
      for (int l = 0; l < config.layers(); l++) {
        experts.add(folder.layer(l));
      }
      SparseLoader sparse = new SparseLoader(folder, config, source);
      return loader.load(l -> sparse.load(l, experts.get(l), () -> loader.dense(l)));
    }
  }

  /** Makes a layer's feed-forward part. */
  @FunctionalInterface
  private interface FeedForwards {
    FeedForward of(int layer);
  }

  private ModelWeights load(FeedForwards feedForwards) {
    Matrix embedding = end(Role.EMBEDDING);
    List<ModelWeights.Layer> layers = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      layers.add(
          new ModelWeights.Layer(
              vector(Role.ATTENTION_NORM, l),
              new Attention.GroupedQuery(
                  matrix(Role.QUERY, l),
                  matrix(Role.KEY, l),
                  matrix(Role.VALUE, l),
                  matrix(Role.ATTENTION_OUTPUT, l)),
              vector(Role.FFN_NORM, l),
              feedForwards.of(l)));
    }
    return new ModelWeights(
        embedding,
        layers,
        vector(Role.FINAL_NORM, TensorSpec.NO_LAYER),
        config.tieEmbeddings() ? embedding : end(Role.OUTPUT));
  }

  private float[] vector(Role role, int l) {
    return Elements.toFloats(tensors.get(role, l));
  }

  private Matrix end(Role role) {
    return source.end(tensors.get(role, TensorSpec.NO_LAYER));
  }

  private Matrix matrix(Role role, int l) {
    TensorSpec spec = tensors.specs().get(role, l);
    return source.matrix(tensors.get(spec), tensors.rowOrder(spec).orElse(null));
  }

  private FeedForward.TokenMasks tokenMasks(StoredTokenMasks stored) {
    return new FeedForward.TokenMasks(
        switch (stored) {
          case StoredTokenMasks.Inputs inputs -> byInputs(inputs);
          case StoredTokenMasks.ByPreview preview -> byPreview(preview);
        });
  }

  private TokenMaskedFfn byInputs(StoredTokenMasks.Inputs stored) {
    ColumnScaled byInput = source.columnScaled(stored.byInput(), stored.gateUpScales());
    ColumnScaled byNeuron = source.columnScaled(stored.byNeuron(), stored.outputScales());
    return new TokenMaskedFfn(
        byInput.matrix(),
        byNeuron.matrix(),
        stored.inputThreshold(),
        stored.neuronThreshold(),
        byInput.scales(),
        byNeuron.scales());
  }

  private PreviewFfn byPreview(StoredTokenMasks.ByPreview stored) {
    source.requirePreviewed(stored.neurons());
    ColumnScaled records = source.records(stored.neurons(), stored.outputScales());
    return new PreviewFfn(
        records.matrix(),
        source.preview(stored.preview()),
        stored.scales(),
        stored.centres(),
        stored.base(),
        source.preview(stored.directions()),
        Directions.step(stored.centres().length),
        stored.inputThreshold(),
        stored.wholeThreshold(),
        stored.neuronThreshold(),
        records.scales());
  }

  /** The three projections whole. */
  private FeedForward.Dense dense(int l) {
    return new FeedForward.Dense(matrix(Role.GATE, l), matrix(Role.UP, l), matrix(Role.DOWN, l));
  }
}
