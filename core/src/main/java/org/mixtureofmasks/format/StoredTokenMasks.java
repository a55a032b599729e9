package org.mixtureofmasks.format;

import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The feed-forward part of a layer with token masks as its folder holds it; d is hidden_size, m
 * intermediate_size. Lives as long as its checkpoint.
 */
public sealed interface StoredTokenMasks {
  /**
   * {@return inputs whose absolute value, with a preview what they are beside their centre, is at
   * or below it are left out; at least 0, or {@link ShippedThresholds#ALL}}
   */
  float inputThreshold();

  /** {@return neurons whose absolute value is at or below it are left out; likewise} */
  float neuronThreshold();

  /**
   * A layer whose tokens choose inputs, then neurons.
   *
   * @param byInput d x 2m: for each input its column of the gate projection, then of the up
   *     projection
   * @param byNeuron m x d: for each neuron its column of the down projection
   * @param inputThreshold see {@link StoredTokenMasks#inputThreshold}
   * @param neuronThreshold see {@link StoredTokenMasks#neuronThreshold}
   * @param gateUpScales 2m factors of what by_input gives, if its columns were divided by them
   * @param outputScales d factors of what by_neuron gives, if its columns were divided by them
   */
  record Inputs(
      StoredTensor byInput,
      StoredTensor byNeuron,
      float inputThreshold,
      float neuronThreshold,
      Optional<StoredTensor> gateUpScales,
      Optional<StoredTensor> outputScales)
      implements StoredTokenMasks {}

  /**
   * A layer whose tokens choose neurons by a {@link Preview}.
   *
   * @param neurons m x 3 x d: gate row, up row and down column of each neuron
   * @param preview 2d x m/2 bytes: {@link Preview#planes}
   * @param scales d x 2: {@link Preview#scales}
   * @param centres of the d inputs
   * @param base 2m: {@link Preview#base}
   * @param directions m x d/4 bytes: {@link Directions}
   * @param wholeThreshold what an input must exceed for its lower bits to be read too
   * @param inputThreshold see {@link StoredTokenMasks#inputThreshold}
   * @param neuronThreshold see {@link StoredTokenMasks#neuronThreshold}, of the preview's values
   * @param outputScales d factors of the outputs, if down columns were divided by them
   */
  record ByPreview(
      StoredTensor neurons,
      StoredTensor preview,
      float[] scales,
      float[] centres,
      float[] base,
      StoredTensor directions,
      float wholeThreshold,
      float inputThreshold,
      float neuronThreshold,
      Optional<StoredTensor> outputScales)
      implements StoredTokenMasks {}

  /**
   * Those of a layer.
   *
   * @param tensors of the model
   * @param config of a model with token masks
   * @param l layer, from 0
   * @return the layer's part, every tensor of its shape
   * @throws BadCheckpoint naming the tensor that is missing, of another shape, holds no thresholds
   *     or no scales, or is a preview of other weights
   */
  static StoredTokenMasks of(ModelTensors tensors, ModelConfig config, int l) {
    NamedTensors named = tensors.named();
    String prefix = SparseNames.ffn(l);
    long d = config.hiddenSize();
    long m = config.intermediateSize();
    boolean inputs = config.tokenMasks().orElseThrow().choice() == ShippedThresholds.Choice.INPUTS;
    float[] thresholds = thresholds(named.get(prefix + SparseNames.THRESHOLDS, inputs ? 2 : 3));
    if (inputs) {
      return new Inputs(
          named.get(prefix + SparseNames.BY_INPUT, d, 2 * m),
          named.get(prefix + SparseNames.BY_NEURON, m, d),
          thresholds[0],
          thresholds[1],
          named.find(prefix + SparseNames.BY_INPUT_OUTPUTS, 2 * m),
          named.find(prefix + SparseNames.BY_NEURON_OUTPUTS, d));
    }
    if (m % Preview.BLOCK != 0 || d % Preview.BLOCK != 0) {
      throw new BadCheckpoint(
          named.path(),
          -1,
          "has intermediate_size %d and hidden_size %d: a preview wants multiples of %d"
              .formatted(m, d, Preview.BLOCK));
    }
    StoredTensor scales = named.get(prefix + SparseNames.PREVIEW_SCALES, d, Preview.HALVES);
    ByPreview stored =
        new ByPreview(
            named.get(prefix + SparseNames.NEURONS, m, 3, d),
            named.get(prefix + SparseNames.PREVIEW, Preview.PLANES * d, m / 2),
            scales(scales),
            finite(named.get(prefix + SparseNames.PREVIEW_CENTRES, d)),
            finite(named.get(prefix + SparseNames.PREVIEW_BASE, Preview.HALVES * m)),
            named.get(prefix + SparseNames.DIRECTIONS, m, d / Preview.IN_BYTE),
            thresholds[2],
            thresholds[0],
            thresholds[1],
            named.find(prefix + SparseNames.NEURONS_OUTPUTS, d));
    for (StoredTensor bytes : List.of(stored.preview, stored.directions)) {
      if (bytes.dtype() != DType.U8) {
        throw bad(bytes, "holds %s, not U8".formatted(bytes.dtype()));
      }
    }
    if (!PreviewCheck.fits(stored)) {
      throw bad(
          stored.preview,
          "is no preview of the weights beside it: write the folder anew from the dense model");
    }
    return stored;
  }

  private static float[] thresholds(StoredTensor tensor) {
    float[] values = Elements.toFloats(tensor);
    for (float value : values) {
      if (!ShippedThresholds.valid(value)) {
        throw bad(
            tensor, "holds %s: thresholds are numbers from 0, or -1 for none".formatted(value));
      }
    }
    return values;
  }

  private static float[] scales(StoredTensor tensor) {
    float[] values = Elements.toFloats(tensor);
    for (float value : values) {
      if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
        throw bad(tensor, "holds %s: scales are numbers from 0".formatted(value));
      }
    }
    return values;
  }

  private static float[] finite(StoredTensor tensor) {
    float[] values = Elements.toFloats(tensor);
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw bad(tensor, "holds %s: finite numbers are wanted".formatted(value));
      }
    }
    return values;
  }

  private static BadCheckpoint bad(StoredTensor tensor, String reason) {
    return new BadCheckpoint(
        tensor.file(), tensor.offset(), "tensor '%s' %s".formatted(tensor.name(), reason));
  }
}
