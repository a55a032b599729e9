package org.mixtureofmasks.quantise;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ModelFolderWriter;
import org.mixtureofmasks.format.QuantisedTensor;
import org.mixtureofmasks.format.QuantisedWriter;
import org.mixtureofmasks.format.Roundable;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.model.LayerObserver;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;

/** Makes a model of fewer bits of a model: rounds its matrices and writes a folder. */
public final class Quantiser {
  /** Share of the free memory that statistics of calibration may take. */
  private static final int SHARE = 2;

  /** One window in so many is kept from the calibration, to compare routers on. */
  private static final int HELD_OUT = 10;

  /** How weights are rounded. */
  public enum Method {
    /** Each to the nearest. */
    NEAREST,
    /** By GPTQ: later weights of a row make up for what rounding earlier ones did. */
    GPTQ;

    /** {@return as options and files call it} */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What is to be made.
   *
   * @param dtype INT8 or INT4 of the matrices
   * @param method how they are rounded
   * @param tokens of the calibration text; empty without one
   * @param most of these tokens that are used
   * @param threads that compute
   */
  public record Request(
      DType dtype, Method method, Optional<int[]> tokens, int most, int threads) {}

  /**
   * What was made.
   *
   * @param method how it was rounded
   * @param calibrationTokens that the rounding has seen; 0 to the nearest
   * @param fewestOfAnExpert tokens of a calibration that the least chosen expert of all layers had;
   *     0 when dense
   */
  public record Result(Method method, long calibrationTokens, long fewestOfAnExpert) {}

  private static final LayerObserver NOBODY = new LayerObserver() {};

  private final Path path;
  private final Checkpoint checkpoint;
  private final Request request;
  private final Progress progress;
  private final QuantisedWriter writer;

  /**
   * Checks what can be checked without reading weights.
   *
   * @param checkpoint of the model; open as long as this is used
   * @param request what is to be made
   * @param progress hears of all work
   * @throws UserError if the model cannot be rounded so
   */
  public Quantiser(Checkpoint checkpoint, Request request, Progress progress) {
    this.path = checkpoint.path();
    this.checkpoint = checkpoint;
    this.request = request;
    this.progress = progress;
    this.writer = new QuantisedWriter(checkpoint, request.dtype);
    for (Roundable part : writer.parts()) {
      try {
        NearestRounding.require(part);
      } catch (UserError e) {
        throw new UserError("tensor '%s': %s".formatted(part.name(), e.getMessage()), e);
      }
    }
    if (request.method == Method.GPTQ) {
      requireCalibration();
    }
  }

  private void requireCalibration() {
    if (request.tokens.isEmpty()) {
      throw UserError.usage("--rounding gptq needs a text: --calibration FILE");
    }
    if (request.dtype != DType.INT4) {
      throw UserError.usage(
          "--rounding gptq is for q4: rounding to the nearest int8 loses next to nothing");
    }
    boolean masked =
        writer.config().mixtureOfMasks().map(m -> m.layout() == Layout.MASKED).orElse(false);
    if (masked) {
      throw new UserError(
          "%s has the layout masked, which is for comparisons: round it with --rounding nearest, or compile it"
              .formatted(path));
    }
  }

  /** {@return bytes that the folder's weights will take} */
  public long bytes() {
    return writer.bytes();
  }

  /**
   * Rounds and writes weights and configuration.
   *
   * @param folder gets them; the caller adds the tokenizer and commits
   * @return what was made
   * @throws UserError if memory does not suffice or something cannot be written
   */
  public Result write(ModelFolderWriter folder) {
    Map<String, QuantisedTensor> rounded = new LinkedHashMap<>();
    Result result = new Result(request.method, 0, 0);
    try (ParallelKernels kernels =
        new ParallelKernels(KernelChoice.get().kernels(), request.threads)) {
      if (request.method == Method.GPTQ) {
        try (Model model = open(path)) {
          result = calibrated(model, kernels, rounded);
        }
      }
      progress.begin("rounding to the nearest", "tensors");
      NearestRounding nearest = new NearestRounding(kernels);
      int done = 0;
      for (Roundable part : writer.parts()) {
        if (!rounded.containsKey(part.name())) {
          rounded.put(part.name(), nearest.round(part));
        }
        progress.at(++done, writer.parts().size());
      }
    }
    progress.begin("writing", "");
    writer.write(folder, rounded, request.method.word(), Fingerprint.of(path));
    return result;
  }

  private Model open(Path model) {
    return Model.open(model, new LoadOptions(WeightType.AUTO, request.threads));
  }

  private Result calibrated(
      Model model, ParallelKernels kernels, Map<String, QuantisedTensor> rounded) {
    List<int[]> windows = Windows.cut(request.tokens.orElseThrow(), request.most, model);
    List<int[]> seen = windows.subList(0, windows.size() - heldOut(windows));
    List<List<BitSet>> held = writer.heldNeurons();
    int together = layersTogether(held);
    progress.begin("counting the experts' tokens", "tokens");
    boolean sparse = model.config().mixtureOfMasks().isPresent();
    ExpertBalance balance =
        new ExpertBalance(
            sparse
                ? Windows.run(model, seen, NOBODY, progress).counts()
                : new long[model.config().layers()][0]);
    rounded.putAll(
        new GptqRounding(model, writer.parts(), kernels, progress)
            .round(seen, held, balance, together));
    long tokens = (long) seen.size() * seen.getFirst().length;
    return new Result(Method.GPTQ, tokens, balance.fewest());
  }

  private static int heldOut(List<int[]> windows) {
    return Math.max(1, windows.size() / HELD_OUT);
  }

  private int layersTogether(List<List<BitSet>> held) {
    ModelConfig config = writer.config();
    int neurons =
        held.stream()
            .flatMap(List::stream)
            .mapToInt(BitSet::length)
            .max()
            .orElse(config.intermediateSize());
    long layer = GptqRounding.bytesOfLayer(config, neurons);
    long free = Machine.here(path).memoryBytes() - checkpoint.bytes() - writer.bytes();
    if (free < 2 * layer) {
      throw new UserError(
          "calibrating one layer of %s takes %s of memory beside the model, and %s are available: --rounding nearest takes none"
              .formatted(path, Machine.gigabytes(2 * layer), Machine.gigabytes(Math.max(0, free))));
    }
    return (int) Math.max(1, Math.min(config.layers(), free / SHARE / layer));
  }

  /**
   * Compares the routers of the model and of what was made of it, on windows that calibration has
   * not seen.
   *
   * @param made the folder, complete
   * @return empty for a dense model or without a text
   */
  public Optional<RouterAgreement> agreement(Path made) {
    if (request.tokens.isEmpty() || writer.config().mixtureOfMasks().isEmpty()) {
      return Optional.empty();
    }
    progress.begin("comparing the routers' decisions", "tokens");
    try (Model before = open(path);
        Model after = open(made)) {
      List<int[]> windows = Windows.cut(request.tokens.get(), request.most, before);
      List<int[]> unseen = windows.subList(windows.size() - heldOut(windows), windows.size());
      return Optional.of(RouterAgreement.of(before, after, unseen, progress));
    }
  }
}
