package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.LoadCount;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.Preparation;
import org.mixtureofmasks.sparsify.Sums;

/**
 * Mixture of Masks: every expert of a layer is a mask on the neurons of the one dense FFN. Phases
 * of a run: <em>sparsify</em> (gates sampled, density scheduled), <em>harden</em> (an exact number
 * of gates stays, for good), <em>recover</em> (weights and router train on).
 */
public final class MixtureOfMasks implements Method {
  private final MixtureOfMasksOptions options;
  private final double weightsLr;
  private final long seed;
  private List<MaskedLayer> layers = List.of();
  private final Sums counts = new Sums();
  private final List<LoadCount> loads = new ArrayList<>();
  private Optional<DensityConstraint> begun = Optional.empty();

  /** Empty in a restored run whose masks are hardened. */
  private Optional<DensitySchedule> schedule = Optional.empty();

  /** Density that this step is scheduled to have, by layer; empty before the first. */
  private double[] scheduled = {};

  /**
   * Σ over layers of the balance loss of this micro-batch, unweighted, its shares f of all
   * micro-batches of the step up to this one (Qiu et al. 2025); null before any.
   */
  private @Nullable Tensor balance;

  /**
   * Masks of each token in the latest training pass, by layer; kept only when k > 1. Not a sum: the
   * union of a token's masks is bisected over the tokens themselves ({@link UnionDensity}).
   */
  private long[][] latestChoices = {};

  /**
   * @param weightsLr peak learning rate of the model's weights; the router's is a multiple of it
   * @param seed of the k-means, the router's start; gate noise comes from torch's generator
   */
  public MixtureOfMasks(MixtureOfMasksOptions options, double weightsLr, long seed) {
    this.options = options;
    this.weightsLr = weightsLr;
    this.seed = seed;
  }

  @Override
  public String name() {
    return MixtureOfMasksProvider.NAME;
  }

  @Override
  public Preparation prepare(ModelConfig config) {
    return options.start() == Start.CALIBRATED
        ? Calibration.of(options, config, seed, starts -> begin(starts, config))
        : Preparation.ofNothing(() -> begin(OpenStart.of(options, config, seed), config));
  }

  private void begin(List<LayerStart> starts, ModelConfig config) {
    begin(new LayerTensors(options).of(starts, config), Map.of());
    int gates = options.gates(config.intermediateSize());
    // With k = 1 and equal shares the target itself, so that a layer's or the model's count is
    // rounded only once.
    boolean even = options.topK() == 1 && options.layerShares() == Shares.EQUAL;
    double[] density =
        starts.stream()
            .mapToDouble(start -> even ? options.target() : (double) start.gatesOn() / gates)
            .toArray();
    schedule = Optional.of(new DensitySchedule((float) densities().expected(), density));
    if (!options.learnsMasks()) {
      harden();
    }
  }

  /**
   * @param saved an interrupted run's tensors; empty in a new run
   */
  private void begin(List<MaskedLayer> made, Map<String, Tensor> saved) {
    layers = made;
    for (int l = 0; l < made.size(); l++) {
      loads.add(new LoadCount(counts, l, options.experts()));
    }
    begun = Optional.of(DensityConstraint.of(options, layers.size(), saved));
  }

  @Override
  public List<ParameterGroup> parameterGroups() {
    double routerLr = weightsLr * options.routerLrFactor();
    List<ParameterGroup> groups = new ArrayList<>();
    groups.add(new ParameterGroup("router", LayerTensors.routers(layers), routerLr, 0));
    if (options.learnsMasks()) {
      Map<String, Tensor> gates = LayerTensors.logAlphas(layers);
      groups.add(new ParameterGroup("log_alpha", gates, options.maskLr(), 0));
      if (!constraint().multipliers().isEmpty()) {
        groups.add(
            new ParameterGroup("multipliers", constraint().multipliers(), options.maskLr(), 0));
      }
    }
    return groups;
  }

  @Override
  public FeedForward feedForward() {
    return (l, x, weights) ->
        GradMode.is_enabled() ? train(l, x, weights) : validate(l, x, weights);
  }

  /** A pass of validation: no noise, nothing counted. */
  private Tensor validate(int l, Tensor x, FfnWeights weights) {
    MaskedLayer layer = layers.get(l);
    return layer.apply(x, layer.router().route(x), weights, false);
  }

  private Tensor train(int l, Tensor x, FfnWeights weights) {
    MaskedLayer layer = layers.get(l);
    Router.Routing routing = layer.router().route(x);
    // Counted before it is weighed, so that f is of the step so far: docs/methods says why.
    loads.get(l).add(routing.counts());
    Tensor term = routing.balance(loads.get(l));
    balance = balance == null ? term : balance.add(term);
    if (options.topK() > 1 && !hardened()) {
      latestChoices[l] = Tensors.toLongs(routing.chosen());
    }
    return layer.apply(x, routing, weights, true);
  }

  @Override
  public void beginStep(int step, int steps) {
    counts.reset();
    latestChoices = new long[layers.size()][0];
    if (hardened()) {
      return;
    }
    scheduled = schedule.orElseThrow().at(step, steps, options);
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      constraint().beginStep(gates(), scheduled);
    }
  }

  @Override
  public void beginMicroBatch() {
    balance = null;
    if (!hardened()) {
      gates().forEach(LayerGates::drawNoise);
    }
  }

  @Override
  public Optional<Tensor> extraLoss() {
    Optional<Tensor> loads =
        Optional.ofNullable(balance)
            .filter(_ -> options.balance() != 0)
            .map(sum -> sum.mul(new Scalar(options.balance())));
    Optional<Tensor> density =
        hardened() ? Optional.empty() : constraint().loss(gates(), scheduled);
    return Stream.of(loads, density).flatMap(Optional::stream).reduce(Tensor::add);
  }

  @Override
  public void endStep(int step, int steps) {
    if (hardened()) {
      return;
    }
    gates().forEach(LayerGates::settle);
    if (step + 1 >= Math.round(options.sparsifyShare() * steps)) {
      schedule.orElseThrow().meetUnions(gates(), latestChoices, options);
      harden();
    }
  }

  private List<LayerGates> gates() {
    return layers.stream().map(MaskedLayer::gates).toList();
  }

  private boolean hardened() {
    return layers.getFirst().gates().hardened();
  }

  private void harden() {
    ExpertMasks masks = masks();
    for (int l = 0; l < layers.size(); l++) {
      layers.get(l).gates().harden(masks, l);
    }
  }

  private ExpertMasks masks() {
    return hardened()
        ? ShippedMasks.hardened(gates())
        : ShippedMasks.choose(gates(), options, schedule.orElseThrow().end());
  }

  @Override
  public Optional<ShippedExperts> shipped() {
    return Optional.of(
        new ShippedExperts(
            masks(),
            layers.stream().map(layer -> Tensors.toFloats(layer.router().weight())).toList(),
            Routing.topK(options.topK())));
  }

  @Override
  public Sums counts() {
    return counts;
  }

  @Override
  public Map<String, Object> metrics() {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("phase", hardened() ? "recover" : "sparsify");
    if (!hardened() && scheduled.length > 0 && options.constraint().isScheduled()) {
      m.put("scheduled_density", Arrays.stream(scheduled).average().orElseThrow());
    }
    densities().describe(options.variant(), m);
    LoadCount.describe(loads, m);
    return m;
  }

  private Densities densities() {
    return new Densities(gates(), constraint());
  }

  private DensityConstraint constraint() {
    return begun.orElseThrow();
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = LayerTensors.state(layers);
    if (!hardened()) {
      schedule.orElseThrow().save(state);
    }
    return state;
  }

  @Override
  public void restore(ModelConfig config, Map<String, Tensor> saved) {
    begin(new LayerTensors(options).restored(saved, config), saved);
    if (!hardened()) {
      int gates = options.gates(config.intermediateSize());
      schedule = Optional.of(DensitySchedule.restore(saved, options, gates));
    }
  }
}
