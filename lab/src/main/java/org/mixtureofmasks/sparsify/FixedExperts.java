package org.mixtureofmasks.sparsify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;

/**
 * What methods share whose experts are decided before the first step: masks are constants, weights
 * and routers train on. A subclass says how the experts are made ({@link #start}) and how tokens
 * choose them ({@link #route}); y = (a ⊙ v) W_d^T with v = Σ_e w_e V_e.
 */
public abstract class FixedExperts implements Method {
  /**
   * What one layer starts from.
   *
   * @param masks experts x intermediate_size
   * @param router fp32, as {@link #routing} reads it: experts x hidden_size for linear scores
   */
  public record LayerStart(boolean[][] masks, Tensor router) {}

  /**
   * What a layer's tokens chose.
   *
   * @param weights factor of each expert, 0 where it is not chosen, with the gradient that the
   *     router learns by; tokens x experts, fp32
   * @param loss the layer's own loss, a scalar with gradient; or null
   */
  public record Choice(Tensor weights, Tensor loss) {}

  private final double routerLr;
  private final List<Tensor> masks = new ArrayList<>();
  private final List<Tensor> routers = new ArrayList<>();
  private final List<LoadCount> loads = new ArrayList<>();

  /** Σ over layers of the own losses of this micro-batch; null before any. */
  private Tensor loss;

  private double activeShares;
  private long passes;

  /**
   * @param routerLr peak learning rate of the routers; 0 keeps them as they start
   */
  protected FixedExperts(double routerLr) {
    this.routerLr = routerLr;
  }

  /**
   * Masks and router of every layer.
   *
   * @param calibration rows of token ids; empty when the provider asks for none
   */
  protected abstract List<LayerStart> start(DecoderModule model, long[][] calibration);

  /**
   * What the engine computes by {@link #routing}, with a gradient.
   *
   * @param x the FFN's input, tokens x hidden_size, fp32
   * @param router the layer's router
   */
  protected abstract Choice route(int layer, Tensor x, Tensor router);

  /** As the interface says; not within a PointerScope, since what it makes outlives the call. */
  @Override
  public void prepare(DecoderModule model, long[][] calibration) {
    for (LayerStart layer : start(model, calibration)) {
      int neurons = layer.masks()[0].length;
      float[] flat = new float[layer.masks().length * neurons];
      for (int i = 0; i < flat.length; i++) {
        flat[i] = layer.masks()[i / neurons][i % neurons] ? 1 : 0;
      }
      add(Tensors.of(flat, layer.masks().length, neurons), layer.router());
    }
  }

  private void add(Tensor mask, Tensor router) {
    masks.add(mask);
    routers.add(router.set_requires_grad(routerLr > 0));
    loads.add(new LoadCount((int) mask.size(0)));
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
      if (choice.loss() != null) {
        loss = loss == null ? choice.loss() : loss.add(choice.loss());
      }
    }
    return weights.project(weights.activations(x).mul(v));
  }

  private void count(int l, Tensor weights, Tensor v) {
    loads.get(l).add(weights.detach().ne(new Scalar(0)).sum(0));
    activeShares += v.detach().ne(new Scalar(0)).to(torch.ScalarType.Float).mean().item_double();
    passes++;
  }

  @Override
  public void beginStep(int step, int steps) {
    loads.forEach(LoadCount::reset);
    activeShares = 0;
    passes = 0;
  }

  @Override
  public void beginMicroBatch() {
    loss = null;
  }

  @Override
  public Tensor extraLoss() {
    return loss;
  }

  @Override
  public Map<String, Object> metrics() {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("phase", "recover");
    if (passes > 0) {
      m.put("active_ffn_share", activeShares / passes);
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

  /** As the interface says; not within a PointerScope, since what it makes outlives the call. */
  @Override
  public void restore(DecoderModule model, Map<String, Tensor> saved) {
    for (int l = 0; l < model.config().layers(); l++) {
      add(SavedTensors.copy(saved, name(l, "masks")), SavedTensors.copy(saved, name(l, "router")));
    }
  }

  private static String name(int layer, String tensor) {
    return "experts.layers." + layer + "." + tensor;
  }

  /** The constant masks of a layer, experts x intermediate_size, fp32. */
  protected final Tensor masks(int layer) {
    return masks.get(layer);
  }

  @Override
  public final boolean[][][] hardMasks() {
    boolean[][][] hard = new boolean[masks.size()][][];
    for (int l = 0; l < hard.length; l++) {
      float[] flat = Tensors.toFloats(masks.get(l));
      int neurons = (int) masks.get(l).size(1);
      hard[l] = new boolean[(int) masks.get(l).size(0)][neurons];
      for (int i = 0; i < flat.length; i++) {
        hard[l][i / neurons][i % neurons] = flat[i] != 0;
      }
    }
    return hard;
  }

  @Override
  public final List<Tensor> routers() {
    return List.copyOf(routers);
  }
}
