package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.SavedTensors;

/**
 * Makes the layers of a mixture from a start or from a checkpoint, and names their tensors: {@code
 * masks.layers.N.}, then {@code router}; then for each set of gates {@code log_alpha}, {@code
 * shift} or {@code hard}, of further sets with {@code up.} or {@code input.} before it. Nothing
 * here may run within a PointerScope: the tensors outlive the call.
 */
final class LayerTensors {
  private static final String ROUTER = "router";
  private static final String LOG_ALPHA = "log_alpha";
  private static final String SHIFT = "shift";
  private static final String HARD = "hard";

  private final MixtureOfMasksOptions options;

  LayerTensors(MixtureOfMasksOptions options) {
    this.options = options;
  }

  /** Layers as a start has them. */
  List<MaskedLayer> of(List<LayerStart> starts, ModelConfig config) {
    List<MaskedLayer> layers = new ArrayList<>();
    for (LayerStart start : starts) {
      Tensor logAlpha = gates(start.logAlpha());
      layers.add(
          layer(
              Tensors.of(start.router(), options.experts(), config.hiddenSize()),
              logAlpha,
              // A neuron is lost with either of its two gates: both begin with its importance.
              when(options.variant().masksProjections(), logAlpha::clone),
              when(options.variant().masksInputs(), () -> gates(start.inputLogAlpha()))));
    }
    return layers;
  }

  private Tensor gates(float[] logAlpha) {
    return Tensors.of(logAlpha, options.experts(), logAlpha.length / options.experts());
  }

  private static Optional<Tensor> when(boolean there, Supplier<Tensor> made) {
    return there ? Optional.of(made.get()) : Optional.empty();
  }

  private MaskedLayer layer(
      Tensor router, Tensor logAlpha, Optional<Tensor> up, Optional<Tensor> inputs) {
    return new MaskedLayer(
        new Router(router.set_requires_grad(true), options.topK(), options.straightThrough()),
        new LayerGates(
            gates(logAlpha, options.block()),
            up.map(t -> gates(t, options.block())),
            inputs.map(t -> gates(t, 1))));
  }

  private Gates gates(Tensor logAlpha, int block) {
    return new Gates(logAlpha.set_requires_grad(options.learnsMasks()), block);
  }

  /** Layers as {@link #state}, {@link #routers} and {@link #logAlphas} had them. */
  List<MaskedLayer> restored(Map<String, Tensor> saved, ModelConfig config) {
    int neurons = options.gates(config.intermediateSize());
    List<MaskedLayer> layers = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      String layer = layer(l);
      layers.add(
          layer(
              SavedTensors.copy(saved, layer + ROUTER),
              logAlpha(saved, layer, neurons),
              when(
                  options.variant().masksProjections(),
                  () -> logAlpha(saved, layer + LayerGates.UP, neurons)),
              when(
                  options.variant().masksInputs(),
                  () -> logAlpha(saved, layer + LayerGates.INPUTS, config.hiddenSize()))));
      layers
          .getLast()
          .gates()
          .sets()
          .forEach(
              (set, gates) -> {
                if (saved.containsKey(layer + set + HARD)) {
                  gates.harden(SavedTensors.copy(saved, layer + set + HARD));
                } else {
                  gates.shift().copy_(SavedTensors.copy(saved, layer + set + SHIFT));
                }
              });
    }
    return layers;
  }

  /** Saved gates; masks that harden at once have none that still matter. */
  private Tensor logAlpha(Map<String, Tensor> saved, String set, int gates) {
    return options.learnsMasks()
        ? SavedTensors.copy(saved, set + LOG_ALPHA)
        : torch.zeros(options.experts(), gates);
  }

  /** What is not trainable: hard masks, or the shifts of gates that are still learned. */
  static Map<String, Tensor> state(List<MaskedLayer> layers) {
    Map<String, Tensor> state = new LinkedHashMap<>();
    for (int l = 0; l < layers.size(); l++) {
      String layer = layer(l);
      layers
          .get(l)
          .gates()
          .sets()
          .forEach(
              (set, gates) ->
                  state.put(
                      layer + set + (gates.hardened() ? HARD : SHIFT),
                      gates.hardened() ? gates.hard() : gates.shift()));
    }
    return state;
  }

  /** Every layer's router by name. */
  static Map<String, Tensor> routers(List<MaskedLayer> layers) {
    Map<String, Tensor> routers = new LinkedHashMap<>();
    for (int l = 0; l < layers.size(); l++) {
      routers.put(layer(l) + ROUTER, layers.get(l).router().weight());
    }
    return routers;
  }

  /** Log-alpha of every set of every layer by name. */
  static Map<String, Tensor> logAlphas(List<MaskedLayer> layers) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    for (int l = 0; l < layers.size(); l++) {
      String layer = layer(l);
      layers
          .get(l)
          .gates()
          .sets()
          .forEach((set, gates) -> all.put(layer + set + LOG_ALPHA, gates.logAlpha()));
    }
    return all;
  }

  private static String layer(int l) {
    return "masks.layers." + l + ".";
  }
}
