package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.MaskTensors;

/** From gates to the binary masks that a model ships. */
final class ShippedMasks {
  private ShippedMasks() {}

  /** The masks of layers that are hardened. */
  static ExpertMasks hardened(List<LayerGates> layers) {
    Map<Dimension, List<List<Mask>>> masks = new EnumMap<>(Dimension.class);
    for (LayerGates layer : layers) {
      layer
          .byDimension()
          .forEach(
              (dimension, gates) ->
                  masks
                      .computeIfAbsent(dimension, _ -> new ArrayList<>())
                      .add(MaskTensors.masks(gates.hard())));
    }
    return ExpertMasks.of(masks);
  }

  /**
   * The masks of layers whose gates are still learned, at their target.
   *
   * @param density active share of each layer's masks
   */
  static ExpertMasks choose(
      List<LayerGates> layers, MixtureOfMasksOptions options, double[] density) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      return options.variant().masksInputs()
          ? byOneThreshold(layers, options, density)
          : byCount(layers, options, density);
    }
  }

  private static ExpertMasks byCount(
      List<LayerGates> layers, MixtureOfMasksOptions options, double[] density) {
    float[][] ranking = new float[layers.size()][];
    double[] gatesOn = new double[layers.size()];
    for (int l = 0; l < ranking.length; l++) {
      ranking[l] = Tensors.toFloats(layers.get(l).ranking());
      gatesOn[l] = density[l] * ranking[l].length / options.experts();
    }
    List<List<Mask>> masks = new ArrayList<>();
    for (boolean[] kept : Hardening.choose(ranking, options.budget(), gatesOn, options.experts())) {
      masks.add(Hardening.masks(kept, options.experts(), options.block()));
    }
    return ExpertMasks.ofNeurons(masks);
  }

  private static ExpertMasks byOneThreshold(
      List<LayerGates> layers, MixtureOfMasksOptions options, double[] density) {
    JointHardening.Scores[] scores =
        layers.stream()
            .map(
                layer ->
                    new JointHardening.Scores(
                        Tensors.toFloats(layer.inputs().orElseThrow().logAlpha()),
                        Tensors.toFloats(layer.ranking())))
            .toArray(JointHardening.Scores[]::new);
    List<List<Mask>> neurons = new ArrayList<>();
    List<List<Mask>> inputs = new ArrayList<>();
    for (JointHardening.Kept kept :
        JointHardening.choose(
            scores, options.budget(), density, options.experts(), options.block())) {
      neurons.add(Hardening.masks(kept.neurons(), options.experts(), options.block()));
      inputs.add(Hardening.masks(kept.inputs(), options.experts(), 1));
    }
    return ExpertMasks.of(Map.of(Dimension.NEURONS, neurons, Dimension.INPUTS, inputs));
  }
}
