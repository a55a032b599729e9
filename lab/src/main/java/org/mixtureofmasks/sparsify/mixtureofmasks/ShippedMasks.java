package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.mixtureofmasks.nn.Tensors;

/**
 * Binary masks as a model ships them.
 *
 * @param neurons layers x experts x intermediate_size
 * @param inputs layers x experts x hidden_size; no layers when every mask reads all inputs
 */
record ShippedMasks(boolean[][][] neurons, boolean[][][] inputs) {
  /** The masks of layers that are hardened. */
  static ShippedMasks hardened(List<MaskedLayer> layers) {
    return new ShippedMasks(
        layers.stream().map(layer -> layer.neurons().hardMasks()).toArray(boolean[][][]::new),
        layers.stream()
            .filter(layer -> layer.inputs() != null)
            .map(layer -> layer.inputs().hardMasks())
            .toArray(boolean[][][]::new));
  }

  /**
   * The masks of layers whose gates are still learned, at their target.
   *
   * @param density active share of each layer's masks
   */
  static ShippedMasks choose(
      List<MaskedLayer> layers, MixtureOfMasksOptions options, double[] density) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      return options.variant().masksInputs()
          ? byOneThreshold(layers, options, density)
          : byCount(layers, options, density);
    }
  }

  private static ShippedMasks byCount(
      List<MaskedLayer> layers, MixtureOfMasksOptions options, double[] density) {
    float[][] ranking = new float[layers.size()][];
    double[] gatesOn = new double[layers.size()];
    for (int l = 0; l < ranking.length; l++) {
      ranking[l] = Tensors.toFloats(layers.get(l).ranking());
      gatesOn[l] = density[l] * ranking[l].length / options.experts();
    }
    boolean[][] kept = Hardening.choose(ranking, options.budget(), gatesOn, options.experts());
    boolean[][][] masks = new boolean[kept.length][][];
    for (int l = 0; l < kept.length; l++) {
      masks[l] = Hardening.neurons(kept[l], options.experts(), options.block());
    }
    return new ShippedMasks(masks, new boolean[0][][]);
  }

  private static ShippedMasks byOneThreshold(
      List<MaskedLayer> layers, MixtureOfMasksOptions options, double[] density) {
    JointHardening.Scores[] scores =
        layers.stream()
            .map(
                layer ->
                    new JointHardening.Scores(
                        Tensors.toFloats(layer.inputs().logAlpha()),
                        Tensors.toFloats(layer.ranking())))
            .toArray(JointHardening.Scores[]::new);
    JointHardening.Kept[] kept =
        JointHardening.choose(
            scores, options.budget(), density, options.experts(), options.block());
    boolean[][][] neurons = new boolean[kept.length][][];
    boolean[][][] inputs = new boolean[kept.length][][];
    for (int l = 0; l < kept.length; l++) {
      neurons[l] = Hardening.neurons(kept[l].neurons(), options.experts(), options.block());
      inputs[l] = Hardening.neurons(kept[l].inputs(), options.experts(), 1);
    }
    return new ShippedMasks(neurons, inputs);
  }

  /** Makes the layers' masks binary for good. */
  void harden(List<MaskedLayer> layers) {
    for (int l = 0; l < neurons.length; l++) {
      layers.get(l).harden(neurons[l], inputs.length == 0 ? null : inputs[l]);
    }
  }
}
