package org.mixtureofmasks.format;

import java.util.Optional;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The feed-forward part of a layer with token masks as its folder holds it; d is hidden_size, m
 * intermediate_size. Lives as long as its checkpoint.
 *
 * @param byInput d x 2m: for each input its column of the gate projection, then of the up
 *     projection
 * @param byNeuron m x d: for each neuron its column of the down projection
 * @param inputThreshold inputs whose absolute value is at or below it are left out; at least 0, or
 *     {@link ShippedThresholds#ALL}
 * @param neuronThreshold neurons whose absolute value is at or below it are left out; likewise
 * @param gateUpScales 2m factors of what by_input gives, if its columns were divided by them
 * @param outputScales d factors of what by_neuron gives, if its columns were divided by them
 */
public record StoredTokenMasks(
    StoredTensor byInput,
    StoredTensor byNeuron,
    float inputThreshold,
    float neuronThreshold,
    Optional<StoredTensor> gateUpScales,
    Optional<StoredTensor> outputScales) {

  /**
   * Those of a layer.
   *
   * @param tensors of the model
   * @param config of a model with token masks
   * @param l layer, from 0
   * @return the layer's part, every tensor of its shape
   * @throws BadCheckpoint naming the tensor that is missing, of another shape, or holds no
   *     thresholds
   */
  public static StoredTokenMasks of(ModelTensors tensors, ModelConfig config, int l) {
    NamedTensors named = tensors.named();
    String prefix = SparseNames.ffn(l);
    long d = config.hiddenSize();
    long m = config.intermediateSize();
    StoredTensor thresholds = named.get(prefix + SparseNames.THRESHOLDS, 2);
    float[] values = Elements.toFloats(thresholds);
    for (float value : values) {
      if (!ShippedThresholds.valid(value)) {
        throw new BadCheckpoint(
            thresholds.file(),
            thresholds.offset(),
            "tensor '%s' holds %s: thresholds are numbers from 0, or -1 for none"
                .formatted(thresholds.name(), value));
      }
    }
    return new StoredTokenMasks(
        named.get(prefix + SparseNames.BY_INPUT, d, 2 * m),
        named.get(prefix + SparseNames.BY_NEURON, m, d),
        values[0],
        values[1],
        named.find(prefix + SparseNames.BY_INPUT_OUTPUTS, 2 * m),
        named.find(prefix + SparseNames.BY_NEURON_OUTPUTS, d));
  }
}
