package org.mixtureofmasks.sparsify.dsmoe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.FixedExperts;
import org.mixtureofmasks.sparsify.NeedsPasses;
import org.mixtureofmasks.sparsify.Preparation;
import org.mixtureofmasks.sparsify.SavedTensors;
import org.mixtureofmasks.sparsify.WholePasses;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DSMoE: the neurons in equal parts as they stand, each behind a sigmoid gate of its own; a token
 * uses the parts whose gates exceed a threshold, as many as that may be. With a target, the weight
 * of the loss on gates is steered so that the target share of them passes while it trains as when
 * it ships.
 */
public final class Dsmoe extends FixedExperts implements NeedsPasses {
  private static final Logger LOG = LoggerFactory.getLogger(Dsmoe.class);
  private static final double ROUTER_DEVIATION = 0.02;

  /**
   * How much the logarithm of the loss's weight changes for the share that passes too much, for
   * good and while it does: gates answer within some tens of steps, and a weight that only adds up
   * swings about the target.
   */
  private static final double STEERING = 2;

  private static final double DAMPING = 20;

  /** The loss on gates weighs between e^-LIMIT and e^LIMIT times dsmoe.l1. */
  private static final double LIMIT = 7;

  /** Passes over the calibration rows: the threshold moves the inputs of later layers' gates. */
  private static final int CALIBRATION_ROUNDS = 8;

  /** Methods of a varying number of experts are compared when they are this near to the share. */
  private static final double ONE_POINT = 0.01;

  /** Rounds end when the share is this near to the target. */
  private static final double NEAR = 0.001;

  private final DsmoeOptions options;
  private final long seed;
  private final GateHistogram histogram;
  private int layers;

  /** Rows that the threshold is set on; none without a target. */
  private long[][] calibration = new long[0][];

  /** τ, the same for all layers. */
  private float threshold;

  /** Logarithm of what the loss on gates is multiplied with, added up over the steps. */
  private float pressure;

  /** By how much the share that passed in the step before was above the target. */
  private float excess;

  private boolean calibrating;

  /**
   * @param weightsLr peak learning rate of the model's weights; the routers' is a multiple of it
   * @param seed of the routers' start
   */
  public Dsmoe(DsmoeOptions options, double weightsLr, long seed) {
    super(weightsLr * options.routerLrFactor());
    this.options = options;
    this.seed = seed;
    this.histogram = new GateHistogram(counts());
    this.threshold = (float) options.threshold();
  }

  @Override
  public String name() {
    return DsmoeProvider.NAME;
  }

  @Override
  public Preparation prepare(ModelConfig config) {
    return Preparation.ofNothing(
        () -> {
          layers = config.layers();
          begin(config, starts(config));
        });
  }

  /** Equal parts of neighbouring neurons, small random routers. */
  private List<LayerStart> starts(ModelConfig config) {
    SplittableRandom random = new SplittableRandom(seed);
    int neurons = config.intermediateSize();
    int part = neurons / options.experts();
    List<Mask> masks =
        IntStream.range(0, options.experts())
            .mapToObj(e -> Mask.of(neurons, j -> j / part == e))
            .toList();
    List<LayerStart> starts = new ArrayList<>();
    for (int l = 0; l < config.layers(); l++) {
      float[] router = new float[options.experts() * config.hiddenSize()];
      for (int i = 0; i < router.length; i++) {
        router[i] = (float) (ROUTER_DEVIATION * random.nextGaussian());
      }
      starts.add(new LayerStart(masks, router));
    }
    return starts;
  }

  @Override
  protected Choice route(int layer, Tensor x, Tensor router) {
    Tensor logits = torch.linear(x, router);
    if (options.tracks() && (calibrating || GradMode.is_enabled())) {
      histogram.add(logits);
    }
    Gates gates = Gates.of(logits, threshold);
    if (options.l1() == 0) {
      return new Choice(gates.weights());
    }
    Tensor loss = gates.mean().mul(new Scalar(lossWeight() / layers));
    return new Choice(gates.weights(), Optional.of(loss));
  }

  private double lossWeight() {
    return options.tracks()
        ? options.l1() * Math.exp(Math.clamp(pressure + DAMPING * excess, -LIMIT, LIMIT))
        : options.l1();
  }

  @Override
  public void endStep(int step, int steps) {
    if (!options.tracks()) {
      return;
    }
    excess = (float) (histogram.shareAbove(logit(threshold)) - options.target());
    pressure = (float) Math.clamp(pressure + STEERING * excess, -LIMIT, LIMIT);
  }

  @Override
  public void calibrate(WholePasses passes, long[][] rows) {
    calibration = rows;
    recalibrate(passes);
  }

  /**
   * Sets τ to the one of a few rounds at which the share of passing gates is nearest the target.
   */
  @Override
  public void recalibrate(WholePasses passes) {
    if (!options.tracks()) {
      return;
    }
    float best = threshold;
    double least = Double.POSITIVE_INFINITY;
    calibrating = true;
    for (int round = 0; round < CALIBRATION_ROUNDS && least >= NEAR; round++) {
      histogram.reset();
      passes.run(calibration, feedForward());
      double off = Math.abs(histogram.shareAbove(logit(threshold)) - options.target());
      if (off < least) {
        least = off;
        best = threshold;
      }
      threshold = sigmoid(histogram.logitPassedBy(options.target()));
    }
    calibrating = false;
    threshold = best;
    if (least > ONE_POINT) {
      LOG.warn(
          "no threshold lets dsmoe.target {} of the gates pass: the nearest is off by {}",
          options.target(),
          least);
    }
  }

  private static double logit(float p) {
    return Math.log(p / (1.0 - p));
  }

  /** Below 1, as a threshold is, and not 0, so that its logit is finite. */
  private static float sigmoid(double x) {
    return (float) (1 / (1 + Math.exp(-Math.clamp(x, -GateHistogram.LIMIT, GateHistogram.LIMIT))));
  }

  @Override
  public Map<String, Object> metrics() {
    Map<String, Object> m = super.metrics();
    m.put("threshold", threshold);
    m.put("gate_loss_weight", lossWeight());
    return m;
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = super.state();
    state.put("dsmoe.threshold", Tensors.of(new float[] {threshold, pressure, excess}, 3));
    if (options.tracks()) {
      state.put("dsmoe.calibration", Tensors.of(calibration));
    }
    return state;
  }

  @Override
  public void restore(ModelConfig config, Map<String, Tensor> saved) {
    super.restore(config, saved);
    layers = config.layers();
    float[] tracked = Tensors.toFloats(SavedTensors.copy(saved, "dsmoe.threshold"));
    threshold = tracked[0];
    pressure = tracked[1];
    excess = tracked[2];
    if (options.tracks()) {
      calibration = SavedTensors.rows(saved, "dsmoe.calibration");
    }
  }

  @Override
  protected Routing routing() {
    return Routing.threshold(options.experts(), threshold);
  }
}
