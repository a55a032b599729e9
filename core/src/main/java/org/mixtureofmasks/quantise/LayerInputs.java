package org.mixtureofmasks.quantise;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.model.LayerObserver;

/** Gathers the second moments of all that the matrices of some neighbouring layers read. */
final class LayerInputs implements LayerObserver {
  private final ParallelKernels kernels;
  private final int first;
  private final List<Layer> layers = new ArrayList<>();
  private final ExpertBalance balance;
  private final List<int[]> routed = new ArrayList<>(); // of the batch and layer at hand

  /**
   * What one layer's matrices read.
   *
   * @param qkv of the query, key and value projections
   * @param attentionOutput of attention's output projection
   * @param ffn of the gate and up projections
   * @param down of the down projection
   * @param probe computes what that reads
   */
  record Layer(
      SecondMoments qkv,
      SecondMoments attentionOutput,
      SecondMoments ffn,
      SecondMoments down,
      FfnProbe probe) {}

  /**
   * @param first number of the first layer
   * @param probes one for each layer
   */
  LayerInputs(
      ParallelKernels kernels,
      ModelConfig config,
      int first,
      List<FfnProbe> probes,
      ExpertBalance balance) {
    this.kernels = kernels;
    this.first = first;
    this.balance = balance;
    int d = config.hiddenSize();
    for (FfnProbe probe : probes) {
      layers.add(
          new Layer(
              new SecondMoments(d),
              new SecondMoments(config.heads() * config.headDim()),
              new SecondMoments(d),
              new SecondMoments(probe.neurons()),
              probe));
    }
  }

  /** Bytes of one layer's statistics, at most. */
  static long bytes(ModelConfig config, int neurons) {
    int d = config.hiddenSize();
    return 2 * SecondMoments.bytes(d)
        + SecondMoments.bytes(config.heads() * config.headDim())
        + SecondMoments.bytes(neurons)
        + FfnProbe.bytes(neurons, d);
  }

  Layer layer(int l) {
    return layers.get(l - first);
  }

  private boolean gathers(int l) {
    return l >= first && l < first + layers.size();
  }

  @Override
  public void attended(int l, int tokens, float[] inputs, float[] mixed) {
    if (gathers(l)) {
      float[] counts = new float[tokens];
      Arrays.fill(counts, 1);
      layer(l).qkv.add(kernels, inputs, tokens, counts);
      layer(l).attentionOutput.add(kernels, mixed, tokens, counts);
    }
  }

  @Override
  public void routed(int l, int position, int[] experts, float[] scores) {
    if (gathers(l)) {
      routed.add(experts);
    }
  }

  @Override
  public void computed(int l, int tokens, float[] inputs, float[] outputs) {
    if (!gathers(l)) {
      return;
    }
    while (routed.size() < tokens) {
      routed.add(new int[0]); // a dense layer's
    }
    float[] counts = new float[tokens];
    for (int t = 0; t < tokens; t++) {
      counts[t] = balance.weight(l, routed.get(t));
    }
    layer(l).ffn.add(kernels, inputs, tokens, counts);
    float[] h = layer(l).probe.activations(kernels, inputs, tokens, routed);
    layer(l).down.add(kernels, h, tokens, counts);
    routed.clear();
  }
}
