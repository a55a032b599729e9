package org.mixtureofmasks.format;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;

/**
 * Writes a sparse model folder ({@link SparseFolder} reads it; docs/file-formats.md says what is in
 * it), complete or absent.
 */
public final class SparseWriter {
  private final SparseModel model;
  private final ModelConfig shape;
  private final SparseTensors tensors;
  private final Compiled compiled;

  private SparseWriter(
      SparseModel model, List<int[]> orders, Layout layout, DType dtype, Path out) {
    this.model = model;
    this.shape = HuggingFaceConfig.parse(Path.of(HuggingFaceConfig.FILE), model.config());
    this.tensors = new SparseTensors(model, shape.tensors(), orders, layout, dtype);
    this.compiled =
        new Compiled(
            out,
            layout,
            dtype,
            tensors.layers(),
            model.activeShare(),
            model.masks().has(Dimension.INPUTS)
                ? OptionalDouble.of(model.masks().paperShare())
                : OptionalDouble.empty(),
            tensors.sizes());
  }

  /**
   * Writes the folder.
   *
   * @param model what it is made of
   * @param orders for each layer its live neurons in the order in which they are stored, those in
   *     every mask first
   * @param layout how the FFNs are stored
   * @param dtype of all weights but the routers, F32 or BF16: {@link SparseModel#defaultDtype}
   * @param out must not exist yet, or be empty
   * @return what was made: layouts, shares and sizes
   * @throws UserError if out exists, cannot be written, the model lacks a tensor, or the layout is
   *     runs and it has input masks
   */
  public static Compiled write(
      SparseModel model, List<int[]> orders, Layout layout, DType dtype, Path out) {
    if (dtype != DType.F32 && dtype != DType.BF16) {
      throw UserError.usage("a sparse model holds F32 or BF16 weights, not %s".formatted(dtype));
    }
    if (model.masks().has(Dimension.INPUTS) && layout == Layout.RUNS) {
      throw UserError.usage(
          "the layout runs stores each neuron once, with all of its inputs; a model with input masks"
              + " takes --layout copied, or masked to compare with");
    }
    SparseWriter writer = new SparseWriter(model, orders, layout, dtype, out);
    writer.write();
    return writer.compiled;
  }

  /**
   * Writes masks of neurons alone, as they stand in a sparse folder: what a run folder keeps.
   *
   * @param file replaced if it exists
   * @param masks of all layers; masks of inputs are left out
   * @throws UserError if it cannot be written
   */
  public static void writeMasks(Path file, ExpertMasks masks) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    for (int l = 0; l < masks.layers(); l++) {
      MaskFile.put(tensors, masks, Dimension.NEURONS, l);
    }
    SafetensorsWriter.write(file, ModelFolderWriter.PYTORCH, tensors);
  }

  private void write() {
    try (ModelFolderWriter folder = ModelFolderWriter.create(compiled.path())) {
      folder.weights(new LinkedHashMap<>(), tensors.weights());
      folder.masks(MaskFile.tensors(model.masks(), compiled.layers()));
      folder.json(
          HuggingFaceConfig.FILE,
          SparseJson.write(
              HuggingFaceConfig.withDtype(model.config(), compiled.dtype()), shape, description()));
      model.dense().ifPresent(folder::companionsOf);
      folder.text("README.md", ModelCard.of(model, shape, compiled));
      folder.commit();
    }
  }

  private ModelConfig.MixtureOfMasks description() {
    ExpertMasks masks = model.masks();
    return new ModelConfig.MixtureOfMasks(
        model.variant(),
        compiled.layout(),
        masks.experts(),
        model.experts().routing(),
        model.target(),
        compiled.activeFfnShare(),
        compiled.layers().stream().map(ExpertLayout::live).toList(),
        compiled.layers().stream().map(ExpertLayout::shared).toList(),
        masks.has(Dimension.INPUTS) ? Optional.of(inputs(masks)) : Optional.empty(),
        Optional.of(model.parent()));
  }

  private static ModelConfig.InputMasks inputs(ExpertMasks masks) {
    return new ModelConfig.InputMasks(
        IntStream.range(0, masks.layers()).mapToObj(masks::keptInputs).toList(),
        masks.paperShare());
  }
}
