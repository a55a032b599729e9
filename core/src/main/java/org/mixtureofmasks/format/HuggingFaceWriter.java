package org.mixtureofmasks.format;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;

/**
 * A GGUF or llama2.c model as the files of a Hugging Face folder: config.json and
 * model.safetensors, which transformers and the training of this project read. Query and key rows
 * are put into Hugging Face's order; what is quantised is dequantised.
 */
public final class HuggingFaceWriter {
  private HuggingFaceWriter() {}

  /**
   * The type that a checkpoint's weights are run in: F32 stays F32, all other types become BF16.
   *
   * @param checkpoint whose embedding tells the type
   * @return {@link DType#F32} or {@link DType#BF16}
   * @throws org.mixtureofmasks.io.BadCheckpoint if it is no model of a known shape
   */
  public static DType ownDtype(Checkpoint checkpoint) {
    ModelTensors tensors = ModelTensors.of(checkpoint, ConfigReader.read(checkpoint));
    StoredTensor embedding = tensors.get(TensorSpec.Role.EMBEDDING, TensorSpec.NO_LAYER);
    return embedding.dtype() == DType.F32 ? DType.F32 : DType.BF16;
  }

  /**
   * Writes config.json and model.safetensors.
   *
   * @param checkpoint a GGUF or a llama2.c file
   * @param folder gets both files; the caller commits it
   * @param dtype F32 or BF16, of all weights
   * @throws UserError if the checkpoint is a Hugging Face folder already, cannot be written, or
   *     scales positions as no config.json can say
   * @throws org.mixtureofmasks.io.BadCheckpoint if it is no model of a known shape
   */
  public static void write(Checkpoint checkpoint, ModelFolderWriter folder, DType dtype) {
    if (checkpoint.format() == Checkpoint.Format.HUGGING_FACE) {
      throw new UserError(
          "%s is a Hugging Face folder already: use it as it is".formatted(checkpoint.path()));
    }
    ModelConfig config = ConfigReader.read(checkpoint);
    ModelTensors stored = ModelTensors.of(checkpoint, config);
    folder.json(HuggingFaceConfig.FILE, HuggingFaceConfig.write(config, dtype));
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    for (TensorSpec spec : stored.inFileOrder()) {
      tensors.put(
          spec.name(),
          new ConvertedTensor(stored.get(spec), dtype, stored.rowOrder(spec).orElse(null)));
    }
    folder.weights(new LinkedHashMap<>(), tensors);
  }
}
