package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.format.ShippedThresholds.Choice;

/**
 * Writes a model folder with token masks ({@link StoredTokenMasks} is what is read of it;
 * docs/file-formats.md says what is in it), complete or absent.
 */
public final class TokenMaskWriter {
  private final Model model;
  private final DType dtype;
  private final ModelConfig shape;
  private final TensorSpecs specs;

  /**
   * What a folder is made of.
   *
   * @param config the dense model's config.json
   * @param weights all tensors of the dense model under their Hugging Face names, in any float
   *     type; they must stay readable while it is written
   * @param thresholds of every layer
   * @param target active FFN share that was asked for, in (0, 1]
   * @param parent hash of the files it was made from ({@code Fingerprint})
   * @param dense folder whose tokenizer files and the like are copied
   */
  public record Model(
      ObjectNode config,
      Map<String, StoredTensor> weights,
      ShippedThresholds thresholds,
      double target,
      String parent,
      Path dense) {}

  private TokenMaskWriter(Model model, DType dtype) {
    this.model = model;
    this.dtype = dtype;
    this.shape = HuggingFaceConfig.parse(Path.of(HuggingFaceConfig.FILE), model.config());
    this.specs = shape.tensors();
  }

  /**
   * Writes the folder.
   *
   * @param model what it is made of
   * @param dtype of all weights, F32 or BF16: {@link SparseModel#defaultDtype}
   * @param out must not exist yet, or be empty
   * @throws UserError if out exists, cannot be written, or the model lacks a tensor or has no
   *     multiple of {@link Preview#BLOCK} neurons and inputs where a preview is wanted
   * @throws IllegalArgumentException if there are not as many thresholds as layers
   */
  public static void write(Model model, DType dtype, Path out) {
    if (dtype != DType.F32 && dtype != DType.BF16) {
      throw UserError.usage("a sparse model holds F32 or BF16 weights, not %s".formatted(dtype));
    }
    new TokenMaskWriter(model, dtype).write(out);
  }

  private void write(Path out) {
    int layers = model.thresholds.layers().size();
    if (layers != shape.layers()) {
      throw new IllegalArgumentException(
          "thresholds of %d layers for %d".formatted(layers, shape.layers()));
    }
    int neurons = shape.intermediateSize();
    int width = shape.hiddenSize();
    if (model.thresholds.choice() == Choice.PREVIEW
        && (neurons % Preview.BLOCK != 0 || width % Preview.BLOCK != 0)) {
      throw new UserError(
          "%s has an intermediate_size of %d and a hidden_size of %d: a preview wants multiples of %d; choose by inputs"
              .formatted(model.dense, neurons, width, Preview.BLOCK));
    }
    try (ModelFolderWriter folder = ModelFolderWriter.create(out)) {
      folder.weights(new LinkedHashMap<>(), tensors());
      folder.json(
          HuggingFaceConfig.FILE,
          TokenMaskJson.write(
              HuggingFaceConfig.withDtype(model.config, dtype), shape.family(), description()));
      folder.companionsOf(model.dense);
      folder.text("README.md", card());
      folder.commit();
    }
  }

  private ModelConfig.TokenMasks description() {
    List<ShippedThresholds.Layer> layers = model.thresholds.layers();
    return new ModelConfig.TokenMasks(
        model.thresholds.choice(),
        model.target,
        model.thresholds.activeShare(),
        layers.stream().map(ShippedThresholds.Layer::keptInputs).toList(),
        layers.stream().map(ShippedThresholds.Layer::keptNeurons).toList(),
        Optional.of(model.parent));
  }

  private SequencedMap<String, TensorSource> tensors() {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    for (TensorSpec spec : specs.stored()) {
      if (!spec.role().isFfn()) {
        tensors.put(spec.name(), new ConvertedTensor(weight(spec), dtype, null));
      }
    }
    for (int l = 0; l < shape.layers(); l++) {
      String prefix = SparseNames.ffn(l);
      ShippedThresholds.Layer layer = model.thresholds.layers().get(l);
      StoredTensor gate = weight(specs.get(TensorSpec.Role.GATE, l));
      StoredTensor up = weight(specs.get(TensorSpec.Role.UP, l));
      StoredTensor down = weight(specs.get(TensorSpec.Role.DOWN, l));
      switch (model.thresholds.choice()) {
        case INPUTS -> {
          tensors.put(
              prefix + SparseNames.BY_INPUT, new TransposedTensors(List.of(gate, up), dtype));
          tensors.put(prefix + SparseNames.BY_NEURON, new TransposedTensors(List.of(down), dtype));
        }
        case PREVIEW -> {
          int[] order = IntStream.range(0, shape.intermediateSize()).toArray();
          PreviewTensors preview =
              new PreviewTensors(gate, up, down, layer.preview().orElseThrow().centres());
          tensors.put(
              prefix + SparseNames.NEURONS, new NeuronRecords(gate, up, down, order, dtype));
          tensors.put(prefix + SparseNames.PREVIEW, preview.planes());
          tensors.put(prefix + SparseNames.PREVIEW_SCALES, preview.scales());
          tensors.put(
              prefix + SparseNames.PREVIEW_CENTRES,
              TensorSource.of(preview.centres(), shape.hiddenSize()));
          tensors.put(prefix + SparseNames.PREVIEW_BASE, preview.base());
          tensors.put(prefix + SparseNames.DIRECTIONS, preview.directions());
        }
      }
      float[] limits =
          layer
              .preview()
              .map(inputs -> new float[] {layer.inputs(), layer.neurons(), inputs.whole()})
              .orElseGet(() -> new float[] {layer.inputs(), layer.neurons()});
      tensors.put(prefix + SparseNames.THRESHOLDS, TensorSource.of(limits, limits.length));
    }
    return tensors;
  }

  private StoredTensor weight(TensorSpec spec) {
    StoredTensor tensor = model.weights.get(spec.name());
    if (tensor == null) {
      throw new UserError("the model to write has no tensor %s".formatted(spec.name()));
    }
    return tensor;
  }

  private String card() {
    ModelConfig.TokenMasks masks = description();
    return String.format(
        Locale.ROOT,
        """
        ---
        tags: [token-masks, sparse, %s]
        ---
        # Token masks
        A LLaMA-style model whose FFNs are sparsely activated: %s

        | | |
        |---|---|
        | active share of the FFN weights (target %.4g) | %.4f |
        | inputs kept, mean over layers | %.4f of %d |
        | neurons kept, mean over layers | %.4f of %d |
        | layers | %d |
        | weights | %s |
        | made from | %s |

        Shares are those of the method's own text; tokens of other texts may keep more or less, which
        `mom evaluate MODEL` measures. Run it with `mom generate MODEL --prompt TEXT`. The licence is
        that of the dense model.
        """,
        shape.family(),
        reads(masks.choice()),
        masks.target(),
        masks.activeFfnShare(),
        mean(masks.keptInputs()),
        shape.hiddenSize(),
        mean(masks.keptNeurons()),
        shape.intermediateSize(),
        shape.layers(),
        dtype,
        model.parent);
  }

  private static String reads(Choice choice) {
    return switch (choice) {
      case INPUTS ->
          """
          in each layer a token reads only the
          inputs and the neurons whose absolute values are above two thresholds of the layer.""";
      case PREVIEW ->
          """
          in each layer a token reads a copy of
          gate and up projection in 4 bits, 2 or none for each input, by how far it is from its mean,
          and, whole, the neurons that this says are above a threshold.""";
    };
  }

  private static double mean(List<Double> shares) {
    return shares.stream().mapToDouble(share -> share).average().orElse(0);
  }
}
