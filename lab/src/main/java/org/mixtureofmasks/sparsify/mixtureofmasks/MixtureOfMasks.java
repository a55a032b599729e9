package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.model.LlamaConfig;
import org.mixtureofmasks.model.Routing;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.LlamaModule;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.LoadCount;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.SavedTensors;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Start;

/**
 * Mixture of Masks: every expert of a layer is a mask on the neurons of the one dense FFN. Phases
 * of a run: <em>sparsify</em> (gates sampled, density scheduled), <em>harden</em> (an exact number
 * of gates stays, for good), <em>recover</em> (weights and router train on).
 */
public final class MixtureOfMasks implements Method {
  /** Log-alpha of the {@code ones} start: P(z > 1/2) = 0.990. */
  static final double OPEN = 4.6;

  private static final double ROUTER_DEVIATION = 0.02;

  private final MixtureOfMasksOptions options;
  private final double weightsLr;
  private final long seed;
  private final List<MaskedLayer> layers = new ArrayList<>();
  private final List<LoadCount> loads = new ArrayList<>();
  private DensityConstraint constraint;

  /** Density of each layer's masks at the target: below it when a token uses several masks. */
  private double[] finalDensity;

  /** Mean density before the first step. */
  private float startDensity;

  /** Density that this step is scheduled to have, by layer. */
  private double[] scheduled;

  /** Σ over layers of the balance loss of this micro-batch, unweighted; null before any. */
  private Tensor balance;

  /** Masks of each token in the latest training pass, by layer; kept only when k > 1. */
  private long[][] latestChoices;

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

  /** As the interface says; not within a PointerScope, since what it makes outlives the call. */
  @Override
  public void prepare(LlamaModule model, long[][] calibration) {
    LlamaConfig config = model.config();
    int gates = options.gates(config.intermediateSize());
    List<Calibration.LayerStart> starts =
        options.start() == Start.CALIBRATED
            ? new Calibration(options, seed).run(model, calibration)
            : open(config, gates);
    finalDensity = new double[starts.size()];
    for (int l = 0; l < starts.size(); l++) {
      Calibration.LayerStart start = starts.get(l);
      // With k = 1 the target itself, so that a layer's or the model's count is rounded only once.
      finalDensity[l] = options.topK() == 1 ? options.target() : (double) start.gatesOn() / gates;
      addLayer(
          Tensors.of(start.router(), options.experts(), config.hiddenSize()),
          Tensors.of(start.logAlpha(), options.experts(), gates));
    }
    makeConstraint(null);
    startDensity = (float) expectedDensity();
    if (!learnsMasks()) {
      harden();
    }
  }

  /** The paper's start: every gate open, small random routers. */
  private List<Calibration.LayerStart> open(LlamaConfig config, int gates) {
    SplittableRandom random = new SplittableRandom(seed);
    double density = UnionDensity.independent(options.target(), options.topK());
    List<Calibration.LayerStart> starts = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      float[] router = new float[options.experts() * config.hiddenSize()];
      for (int i = 0; i < router.length; i++) {
        router[i] = (float) (ROUTER_DEVIATION * random.nextGaussian());
      }
      float[] logAlpha = new float[options.experts() * gates];
      Arrays.fill(logAlpha, (float) OPEN);
      starts.add(new Calibration.LayerStart(router, logAlpha, (int) Math.round(density * gates)));
    }
    return starts;
  }

  private void addLayer(Tensor router, Tensor logAlpha) {
    router.set_requires_grad(true);
    logAlpha.set_requires_grad(learnsMasks());
    layers.add(
        new MaskedLayer(
            new Router(router, options.topK(), options.straightThrough()),
            logAlpha,
            options.block()));
    loads.add(new LoadCount(options.experts()));
  }

  /** Whether gates are sampled and learned for a part of the run. */
  private boolean learnsMasks() {
    return options.sparsifyShare() > 0;
  }

  /**
   * @param saved holds the multipliers of an interrupted run; null to begin with zeros
   */
  private void makeConstraint(Map<String, Tensor> saved) {
    constraint =
        switch (options.constraint()) {
          case PROJECTED -> new Projection(options.budget());
          case EQ5 -> new Equation5(options.target());
          case LAGRANGIAN ->
              Lagrangian.of(options.budget(), layers.size(), options.experts(), saved);
        };
  }

  @Override
  public List<ParameterGroup> parameterGroups() {
    Map<String, Tensor> routers = new LinkedHashMap<>();
    Map<String, Tensor> gates = new LinkedHashMap<>();
    for (int l = 0; l < layers.size(); l++) {
      routers.put(name(l, "router"), layers.get(l).router().weight());
      gates.put(name(l, "log_alpha"), layers.get(l).logAlpha());
    }
    List<ParameterGroup> groups = new ArrayList<>();
    groups.add(new ParameterGroup("router", routers, weightsLr * options.routerLrFactor(), 0));
    if (learnsMasks()) {
      groups.add(new ParameterGroup("log_alpha", gates, options.maskLr(), 0));
      if (!constraint.multipliers().isEmpty()) {
        groups.add(
            new ParameterGroup("multipliers", constraint.multipliers(), options.maskLr(), 0));
      }
    }
    return groups;
  }

  @Override
  public FeedForward feedForward() {
    return (l, x, weights) -> GradMode.is_enabled() ? train(l, x, weights) : judge(l, x, weights);
  }

  /** A pass that judges: no noise, nothing counted. */
  private Tensor judge(int l, Tensor x, FfnWeights weights) {
    MaskedLayer layer = layers.get(l);
    return layer.apply(x, layer.router().route(x), weights, false);
  }

  private Tensor train(int l, Tensor x, FfnWeights weights) {
    MaskedLayer layer = layers.get(l);
    Router.Routing routing = layer.router().route(x);
    Tensor term = routing.balance();
    balance = balance == null ? term : balance.add(term);
    loads.get(l).add(routing.counts());
    if (options.topK() > 1 && !hardened()) {
      latestChoices[l] = Tensors.toLongs(routing.chosen());
    }
    return layer.apply(x, routing, weights, true);
  }

  @Override
  public void beginStep(int step, int steps) {
    loads.forEach(LoadCount::reset);
    latestChoices = new long[layers.size()][];
    if (hardened()) {
      return;
    }
    double warmup = options.densityWarmupShare() * options.sparsifyShare() * steps;
    double progress = warmup <= 1 ? 1 : Math.min(1, (step + 1) / warmup);
    scheduled = new double[layers.size()];
    for (int l = 0; l < scheduled.length; l++) {
      scheduled[l] = startDensity + (finalDensity[l] - startDensity) * progress;
    }
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      constraint.beginStep(layers, scheduled);
    }
  }

  @Override
  public void beginMicroBatch() {
    balance = null;
    if (!hardened()) {
      layers.forEach(MaskedLayer::drawNoise);
    }
  }

  @Override
  public Tensor extraLoss() {
    Tensor loss =
        options.balance() == 0 || balance == null
            ? null
            : balance.mul(new Scalar(options.balance()));
    Tensor density = hardened() ? null : constraint.loss(layers, scheduled);
    if (loss == null || density == null) {
      return loss == null ? density : loss;
    }
    return loss.add(density);
  }

  @Override
  public void endStep(int step, int steps) {
    if (hardened()) {
      return;
    }
    layers.forEach(MaskedLayer::settle);
    if (step + 1 >= Math.round(options.sparsifyShare() * steps)) {
      refineUnions();
      harden();
    }
  }

  /** With k > 1, the density at which the unions that were really chosen meet the target. */
  private void refineUnions() {
    for (int l = 0; l < layers.size(); l++) {
      if (options.topK() > 1 && latestChoices[l] != null) {
        Tensor logAlpha = layers.get(l).logAlpha();
        try (PointerScope _ = new PointerScope();
            NoGradGuard _ = new NoGradGuard()) {
          long tokens = latestChoices[l].length / options.topK();
          Tensor chosen = Tensors.of(latestChoices[l], tokens, options.topK());
          int gatesOn = UnionDensity.gatesOn(logAlpha, chosen, options.target());
          finalDensity[l] = (double) gatesOn / logAlpha.size(1);
        }
      }
    }
  }

  private boolean hardened() {
    return layers.getFirst().hardened();
  }

  private void harden() {
    boolean[][][] masks = hardMasks();
    for (int l = 0; l < masks.length; l++) {
      layers.get(l).harden(masks[l]);
    }
  }

  @Override
  public boolean[][][] hardMasks() {
    if (hardened()) {
      return layers.stream().map(MaskedLayer::hardMasks).toArray(boolean[][][]::new);
    }
    float[][] logAlpha = new float[layers.size()][];
    double[] gatesOn = new double[layers.size()];
    for (int l = 0; l < logAlpha.length; l++) {
      logAlpha[l] = Tensors.toFloats(layers.get(l).logAlpha());
      gatesOn[l] = finalDensity[l] * layers.get(l).logAlpha().size(1);
    }
    boolean[][] kept = Hardening.choose(logAlpha, options.budget(), gatesOn, options.experts());
    boolean[][][] masks = new boolean[kept.length][][];
    for (int l = 0; l < kept.length; l++) {
      masks[l] = Hardening.neurons(kept[l], options.experts(), options.block());
    }
    return masks;
  }

  @Override
  public List<Tensor> routers() {
    return layers.stream().map(layer -> layer.router().weight()).toList();
  }

  @Override
  public Routing routing() {
    return Routing.topK(options.topK());
  }

  @Override
  public Map<String, Object> metrics() {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("phase", hardened() ? "recover" : "sparsify");
    if (!hardened() && scheduled != null) {
      m.put("scheduled_density", Arrays.stream(scheduled).average().orElseThrow());
    }
    m.put("expected_density", expectedDensity());
    m.put("hard_density", layers.stream().mapToDouble(MaskedLayer::openShare).average().orElse(0));
    LoadCount.describe(loads, m);
    return m;
  }

  /** Mean over layers of the density as the constraint counts it, or of the hard masks. */
  private double expectedDensity() {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      return layers.stream()
          .mapToDouble(
              layer ->
                  layer.hardened()
                      ? layer.openShare()
                      : constraint.probability(layer).mean().item_double())
          .average()
          .orElseThrow();
    }
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    float[] density = new float[layers.size()];
    for (int l = 0; l < density.length; l++) {
      MaskedLayer layer = layers.get(l);
      density[l] = (float) finalDensity[l];
      if (hardened()) {
        state.put(name(l, "hard"), layer.hard());
      } else {
        state.put(name(l, "shift"), layer.shift());
      }
    }
    if (!hardened()) {
      state.put("masks.start_density", Tensors.of(new float[] {startDensity}, 1));
      state.put("masks.final_density", Tensors.of(density, density.length));
    }
    return state;
  }

  /** As the interface says; not within a PointerScope, since what it makes outlives the call. */
  @Override
  public void restore(LlamaModule model, Map<String, Tensor> saved) {
    int gates = options.gates(model.config().intermediateSize());
    int layerCount = model.config().layers();
    finalDensity = new double[layerCount];
    Arrays.fill(finalDensity, options.target());
    for (int l = 0; l < layerCount; l++) {
      Tensor logAlpha =
          learnsMasks()
              ? SavedTensors.copy(saved, name(l, "log_alpha"))
              : torch.zeros(options.experts(), gates);
      addLayer(SavedTensors.copy(saved, name(l, "router")), logAlpha);
      if (saved.containsKey(name(l, "hard"))) {
        layers.get(l).harden(SavedTensors.copy(saved, name(l, "hard")));
      } else {
        layers.get(l).shift().copy_(SavedTensors.copy(saved, name(l, "shift")));
      }
    }
    makeConstraint(saved);
    if (!hardened()) {
      startDensity = Tensors.toFloats(SavedTensors.copy(saved, "masks.start_density"))[0];
      float[] density = Tensors.toFloats(SavedTensors.copy(saved, "masks.final_density"));
      for (int l = 0; l < layerCount && options.topK() > 1; l++) {
        finalDensity[l] = Math.rint(density[l] * (double) gates) / gates;
      }
    }
  }

  private static String name(int layer, String tensor) {
    return "masks.layers." + layer + "." + tensor;
  }
}
