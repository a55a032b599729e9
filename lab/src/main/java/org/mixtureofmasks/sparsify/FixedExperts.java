package org.mixtureofmasks.sparsify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;

/**
 * What methods share whose experts are decided before the first step: masks are constants, weights
 * and routers train on. A subclass prepares the experts and says how tokens choose them ({@link
 * #route}); y = (a ⊙ v) W_d^T with v = Σ_e w_e V_e.
 */
public abstract class FixedExperts implements Method {
  /**
   * What one layer starts from.
   *
   * @param masks of its experts' neurons
   * @param router rows x hidden_size, row-major, rows as {@link #routing} reads them: experts for
   *     linear scores
   */
  public record LayerStart(List<Mask> masks, float[] router) {}

  /**
   * What a layer's tokens chose.
   *
   * @param weights factor of each expert, 0 where it is not chosen, with the gradient that the
   *     router learns by; tokens x experts, fp32
   * @param loss the layer's own loss, a scalar with gradient; empty without any
   */
  public record Choice(Tensor weights, Optional<Tensor> loss) {
    /** A choice without a loss of its own. */
    public Choice(Tensor weights) {
      this(weights, Optional.empty());
    }
  }

  private static final String ACTIVE_SHARES = "active_shares";
  private static final String PASSES = "passes";

  private final double routerLr;
  private final List<Tensor> masks = new ArrayList<>();
  private final List<Tensor> routers = new ArrayList<>();
  private final List<LoadCount> loads = new ArrayList<>();
  private final Sums counts = new Sums();

  /** Σ over layers of the own losses of this micro-batch; null before any. */
  private @Nullable Tensor loss;

  /**
   * @param routerLr peak learning rate of the routers; 0 keeps them as they start
   */
  protected FixedExperts(double routerLr) {
    this.routerLr = routerLr;
    counts.declareNumber(ACTIVE_SHARES);
    counts.declareNumber(PASSES);
  }

  /** How tokens choose experts. */
  protected abstract Routing routing();

  /**
   * What the engine computes by {@link #routing}, with a gradient.
   *
   * @param x the FFN's input, tokens x hidden_size, fp32
   * @param router the layer's router
   */
  protected abstract Choice route(int layer, Tensor x, Tensor router);

  /**
   * The last thing a preparation does; not within a PointerScope.
   *
   * @param starts of every layer
   */
  protected final void begin(ModelConfig config, List<LayerStart> starts) {
    int width = config.hiddenSize();
    for (LayerStart layer : starts) {
      float[] router = layer.router();
      add(MaskTensors.of(layer.masks()), Tensors.of(router, router.length / width, width));
    }
  }

  private void add(Tensor mask, Tensor router) {
    loads.add(new LoadCount(counts, masks.size(), (int) mask.size(0)));
    masks.add(mask);
    routers.add(router.set_requires_grad(routerLr > 0));
  }

  @Override
  public List<ParameterGroup> parameterGroups() {
    if (routerLr == 0) {
      return List.of();
    }
    Map<String, Tensor> trained = new LinkedHashMap<>();
    for (int l = 0; l < routers.size(); l++) {
      trained.put(name(l, "router"), routers.get(l));
    }
    return List.of(new ParameterGroup("router", trained, routerLr, 0));
  }

  @Override
  public final FeedForward feedForward() {
    return this::apply;
  }

  private Tensor apply(int l, Tensor x, FfnWeights weights) {
    Choice choice = route(l, x, routers.get(l));
    Tensor v =
        weights.precision().cast(choice.weights()).matmul(weights.precision().cast(masks.get(l)));
    if (routing().weights() == Routing.Weights.ONES) {
      v = v.clamp_max(new Scalar(1)); // a neuron that several chosen experts hold counts once
    }
    if (GradMode.is_enabled()) {
      count(l, choice.weights(), v);
      choice.loss().ifPresent(own -> loss = loss == null ? own : loss.add(own));
    }
    return weights.project(weights.activations(x).mul(v));
  }

  private void count(int l, Tensor weights, Tensor v) {
    loads.get(l).add(weights.detach().ne(new Scalar(0)).sum(0));
    counts.add(
        ACTIVE_SHARES,
        v.detach().ne(new Scalar(0)).to(torch.ScalarType.Float).mean().item_double());
    counts.add(PASSES, 1);
  }

  @Override
  public void beginStep(int step, int steps) {
    counts.reset();
  }

  @Override
  public void beginMicroBatch() {
    loss = null;
  }

  @Override
  public Optional<Tensor> extraLoss() {
    return Optional.ofNullable(loss);
  }

  @Override
  public final Sums counts() {
    return counts;
  }

  @Override
  public Map<String, Object> metrics() {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("phase", "recover");
    double passes = counts.number(PASSES);
    if (passes > 0) {
      m.put("active_ffn_share", counts.number(ACTIVE_SHARES) / passes);
    }
    LoadCount.describe(loads, m);
    return m;
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    for (int l = 0; l < masks.size(); l++) {
      state.put(name(l, "masks"), masks.get(l));
      if (routerLr == 0) {
        state.put(name(l, "router"), routers.get(l));
      }
    }
    return state;
  }

  @Override
  public void restore(ModelConfig config, Map<String, Tensor> saved) {
    for (int l = 0; l < config.layers(); l++) {
      add(SavedTensors.copy(saved, name(l, "masks")), SavedTensors.copy(saved, name(l, "router")));
    }
  }

  private static String name(int layer, String tensor) {
    return "experts.layers." + layer + "." + tensor;
  }

  @Override
  public final Optional<ShippedExperts> shipped() {
    return Optional.of(
        new ShippedExperts(
            ExpertMasks.ofNeurons(masks.stream().map(MaskTensors::masks).toList()),
            routers.stream().map(Tensors::toFloats).toList(),
            routing()));
  }
}
