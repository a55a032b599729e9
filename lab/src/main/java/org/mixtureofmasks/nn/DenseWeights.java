package org.mixtureofmasks.nn;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ModelTensors;
import org.mixtureofmasks.format.TensorSpec;
import org.mixtureofmasks.io.Progress;

/** fp32 masters from stored weights. */
public final class DenseWeights {
  private DenseWeights() {}

  /** A model with its own copy of a checkpoint's weights; the checkpoint may be closed after. */
  public static DecoderModule load(Checkpoint checkpoint, ModelConfig config, Precision precision) {
    return load(checkpoint, config, precision, Progress.SILENT);
  }

  /**
   * The same.
   *
   * @param progress hears the tensors that are there
   */
  public static DecoderModule load(
      Checkpoint checkpoint, ModelConfig config, Precision precision, Progress progress) {
    return load(ModelTensors.of(checkpoint, config), config, precision, progress);
  }

  /**
   * The same of the first layers alone, between the model's own embedding and output projection.
   *
   * @param config of the whole model
   * @param layers at least one, at most all
   */
  public static DecoderModule loadFirst(
      Checkpoint checkpoint, ModelConfig config, int layers, Precision precision) {
    return load(
        ModelTensors.of(checkpoint, config), config.withLayers(layers), precision, Progress.SILENT);
  }

  private static DecoderModule load(
      ModelTensors tensors, ModelConfig config, Precision precision, Progress progress) {
    Map<String, Tensor> weights = new LinkedHashMap<>();
    List<TensorSpec> stored = config.tensors().stored();
    for (TensorSpec spec : stored) {
      weights.put(spec.name(), fp32(tensors.get(spec)));
      progress.at(weights.size(), stored.size());
    }
    return new DecoderModule(config, weights, precision);
  }

  /** A stored tensor of any floating type as fp32. */
  public static Tensor fp32(StoredTensor stored) {
    long[] shape = stored.shape().stream().mapToLong(Long::longValue).toArray();
    return stored.dtype() == DType.F32
        ? Tensors.of(stored.data(), torch.ScalarType.Float, shape)
        : Tensors.of(Elements.toFloats(stored), shape);
  }
}
