package org.mixtureofmasks.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.mixtureofmasks.format.FfnReads;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.format.StoredShares;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.ThresholdFfn;

/**
 * What tokens read of the feed-forward parts as they lie in memory, and the shares that this is.
 */
final class FfnTraffic {
  /** Bytes of an expert's first and last run's number, and of one run's first and length. */
  private static final int PAIR = 2 * Integer.BYTES;

  private final ModelConfig config;
  private final ModelWeights weights;

  FfnTraffic(ModelConfig config, ModelWeights weights) {
    this.config = config;
    this.weights = weights;
  }

  /** Of the tokens that were counted; NaN before the first one of a sparse model. */
  Shares measured(ExpertLoad load) {
    if (!config.sparse()) {
      return Shares.DENSE;
    }
    long[][] counts = load.counts();
    List<FfnReads> layers = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      long[] chosen = counts[l];
      FeedForward ffn = weights.layers().get(l).ffn();
      layers.add(
          ffn instanceof FeedForward.TokenMasks masks
              ? tokenMasks(masks.ffn(), load, l)
              : layer(ffn, load.meanActive(l), expert -> (double) chosen[expert] / load.tokens()));
    }
    return Shares.of(layers, denseWeights());
  }

  private double denseWeights() {
    return 3.0 * config.hiddenSize() * config.intermediateSize();
  }

  /**
   * @param active weights that a token used, mean
   * @param chosen by expert: the share of the tokens that chose it
   */
  private FfnReads layer(FeedForward ffn, double active, IntToDoubleFunction chosen) {
    return switch (ffn) {
      case FeedForward.TokenMasks _ -> throw new IllegalStateException("counted by what is kept");
      case FeedForward.Dense dense -> FfnReads.dense(denseWeights(), (double) dense.bytes());
      case FeedForward.Masked masked -> {
        int mask =
            config.intermediateSize() + (masked.inputMasks().isPresent() ? config.hiddenSize() : 0);
        double masks = sum(masked.router(), chosen, _ -> mask);
        long all = masked.dense().bytes();
        yield new FfnReads(active, all, masked.router().weight().bytes() + masks, all);
      }
      case FeedForward.Experts experts -> {
        double lists = sum(experts.router(), chosen, e -> PAIR * (1.0 + experts.runs().count(e)));
        yield reads(experts.neurons().format(), active, experts.router(), lists);
      }
      case FeedForward.Blocks blocks -> {
        double inputs =
            sum(
                blocks.router(),
                chosen,
                e -> (double) Integer.BYTES * blocks.blocks().get(e).inputs().length);
        Format format = blocks.blocks().getFirst().ffn().gate().format();
        yield reads(format, active, blocks.router(), inputs);
      }
    };
  }

  /** In whole cache lines; the dense FFN's bytes are those of the same weights. */
  private FfnReads tokenMasks(ThresholdFfn ffn, ExpertLoad load, int l) {
    return new FfnReads(
        load.meanActive(l),
        ffn.bytesRead(load.meanInputs(l), load.meanNeurons(l)),
        StoredShares.THRESHOLDS + ffn.choiceBytes(load.meanInputs(l), load.meanNeurons(l)),
        ffn.weightBytes());
  }

  private FfnReads reads(Format format, double active, Router router, double lists) {
    double perWeight = (double) format.rowBytes(config.hiddenSize()) / config.hiddenSize();
    return new FfnReads(
        active, perWeight * active, router.weight().bytes() + lists, perWeight * denseWeights());
  }

  private static double sum(
      Router router, IntToDoubleFunction chosen, IntToDoubleFunction bytesOfExpert) {
    double sum = 0;
    for (int e = 0; e < router.experts(); e++) {
      sum += chosen.applyAsDouble(e) * bytesOfExpert.applyAsDouble(e);
    }
    return sum;
  }
}
