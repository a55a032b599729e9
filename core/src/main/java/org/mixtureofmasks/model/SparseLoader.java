package org.mixtureofmasks.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.IntStream;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.HuggingFaceConfig;
import org.mixtureofmasks.format.MaskFile;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.io.BadCheckpoint;

/** Makes a sparse layer's feed-forward part in the layout that config.json names. */
final class SparseLoader {
  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final ModelConfig.MixtureOfMasks mom;
  private final WeightSource source;

  SparseLoader(Checkpoint checkpoint, ModelConfig config, WeightSource source) {
    this.checkpoint = checkpoint;
    this.config = config;
    this.mom = config.mixtureOfMasks().orElseThrow();
    this.source = source;
  }

  /**
   * @param prefix of the layer's FFN tensors
   * @throws BadCheckpoint naming the tensor or member that does not fit
   */
  FeedForward load(int l, String prefix) {
    int rows = mom.routing().routerRows(mom.experts());
    Router router =
        new Router(
            source.exact(prefix + "router.weight", rows, config.hiddenSize()),
            mom.experts(),
            mom.routing());
    boolean inputs = mom.inputMasks().isPresent();
    JsonNode layout = checkpoint.metadata().path(HuggingFaceConfig.SPARSE).path("layout");
    return switch (layout.asText()) {
      case "runs" -> {
        if (inputs) {
          throw bad("layout \"runs\" holds no input masks; copied and masked do");
        }
        yield experts(prefix, router, l, mom.liveNeurons().get(l));
      }
      case "copied" ->
          inputs
              ? new BlockLoader(source, config).load(prefix, router)
              : experts(prefix, router, l, -1);
      case "masked" -> masked(l, prefix, router, inputs);
      default -> throw bad("layout " + layout + " is unknown; runs, copied and masked are read");
    };
  }

  private BadCheckpoint bad(String reason) {
    return new BadCheckpoint(checkpoint.path().resolve("config.json"), -1, reason);
  }

  private FeedForward.Masked masked(int l, String prefix, Router router, boolean inputs) {
    try (MaskFile file = MaskFile.of(checkpoint)) {
      return new FeedForward.Masked(
          WeightLoader.dense(source, config, prefix),
          router,
          file.masks(l, "masks", mom.experts(), config.intermediateSize()),
          inputs ? file.masks(l, "input_masks", mom.experts(), config.hiddenSize()) : null);
    }
  }

  /** With live neurons below 0 any number of stored ones will do. */
  private FeedForward.Experts experts(String prefix, Router router, int l, int live) {
    int d = config.hiddenSize();
    long first = live < 0 ? source.anyLength(prefix + "neurons") : live;
    StoredTensor neurons = source.tensor(prefix + "neurons", first, 3, d);
    long rows = 3 * neurons.shape().getFirst();
    if (rows > Integer.MAX_VALUE) {
      throw new BadCheckpoint(
          neurons.file(), neurons.offset(), "tensor '" + neurons.name() + "' has too many neurons");
    }
    String runsName = prefix + "experts.runs";
    StoredTensor runs = source.tensor(runsName, source.anyLength(runsName), 2);
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

  private SharedNeurons union(Routing routing, ExpertRuns runs, int l, int stored, boolean copies) {
    if (routing.weights() != Routing.Weights.ONES || routing.topK() == 1) {
      return null;
    }
    if (!copies) {
      return new SharedNeurons(runs, IntStream.range(0, stored).toArray(), stored);
    }
    try (MaskFile file = MaskFile.of(checkpoint)) {
      int m = config.intermediateSize();
      return new SharedNeurons(runs, file.neuronOrder(l, stored, m), m);
    }
  }
}
