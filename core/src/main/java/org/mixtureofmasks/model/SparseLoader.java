package org.mixtureofmasks.model;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.SparseFolder;
import org.mixtureofmasks.format.StoredExperts;
import org.mixtureofmasks.io.BadCheckpoint;

/** Makes sparse layers' feed-forward parts of what their folder holds. */
final class SparseLoader {
  private final SparseFolder folder;
  private final ModelConfig config;
  private final ModelConfig.MixtureOfMasks sparse;
  private final WeightSource source;

  SparseLoader(SparseFolder folder, ModelConfig config, WeightSource source) {
    this.folder = folder;
    this.config = config;
    this.sparse = config.mixtureOfMasks().orElseThrow();
    this.source = source;
  }

  /**
   * @param dense makes the layer's projections, for the layout that has them
   * @throws BadCheckpoint if runs leave the layer
   */
  FeedForward load(int l, StoredExperts stored, Supplier<FeedForward.Dense> dense) {
    Router router = new Router(source.router(stored.router()), sparse.experts(), sparse.routing());
    return switch (stored) {
      case StoredExperts.Neurons neurons -> experts(l, neurons, router);
      case StoredExperts.Blocks blocks -> blocks(blocks, router);
      case StoredExperts.Masked masked ->
          new FeedForward.Masked(dense.get(), router, masked.neurons(), masked.inputs());
    };
  }

  private FeedForward.Blocks blocks(StoredExperts.Blocks stored, Router router) {
    List<FeedForward.Block> blocks =
        stored.blocks().stream()
            .map(
                block ->
                    new FeedForward.Block(
                        block.inputs(),
                        new FeedForward.Dense(
                            source.matrix(block.gate()),
                            source.matrix(block.up()),
                            source.matrix(block.down()))))
            .toList();
    return new FeedForward.Blocks(router, blocks);
  }

  private FeedForward.Experts experts(int l, StoredExperts.Neurons stored, Router router) {
    ExpertRuns runs =
        new ExpertRuns(
            Elements.toInts(stored.offsets()),
            Elements.toInts(stored.runs()),
            stored.stored(),
            reason -> bad(stored.runs(), reason));
    WeightSource.ColumnScaled neurons = source.records(stored.neurons(), stored.outputs());
    return new FeedForward.Experts(
        neurons.matrix(), router, runs, union(l, runs, stored.stored()), neurons.scales());
  }

  private static BadCheckpoint bad(StoredTensor tensor, String reason) {
    return new BadCheckpoint(
        tensor.file(), tensor.offset(), "tensor '%s': %s".formatted(tensor.name(), reason));
  }

  /** With several unscaled experts for a token: which stored neurons are the same; else null. */
  private @Nullable SharedNeurons union(int l, ExpertRuns runs, int stored) {
    Routing routing = sparse.routing();
    if (routing.weights() != Routing.Weights.ONES || routing.topK() == 1) {
      return null;
    }
    if (sparse.layout() == Layout.RUNS) {
      return new SharedNeurons(runs, IntStream.range(0, stored).toArray(), stored);
    }
    return new SharedNeurons(runs, folder.neuronOrder(l, stored), config.intermediateSize());
  }
}
