package org.mixtureofmasks.sparsify.tokenmasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.NeedsPasses;
import org.mixtureofmasks.sparsify.Preparation;
import org.mixtureofmasks.sparsify.SavedTensors;
import org.mixtureofmasks.sparsify.Sums;
import org.mixtureofmasks.sparsify.Threshold;
import org.mixtureofmasks.sparsify.WholePasses;

/**
 * A mask for each token and layer that is computed, not looked up: a {@link TokenChoice} reads the
 * inputs x_i with |x_i| above a threshold of the layer and takes the neurons whose score is above
 * another; what the choice does of the others is its own ({@link TokenChoice#output}). No gradient
 * goes through the choice.
 */
final class TokenMasks implements Method, NeedsPasses {
  private static final String NAME = "token_masks";
  private static final String SHARES = "token_masks.shares";
  private static final String THRESHOLDS = "token_masks.thresholds";
  private static final String CALIBRATION = "token_masks.calibration";

  /** Of inputs and of neurons. */
  private static final int SHARES_OF_LAYER = 2;

  /** Tokens on which thresholds are set exactly: all layers' at once in one pass. */
  private static final int EXACT_TOKENS = 4096;

  private final TokenMasksOptions options;
  private final TokenChoice choice;
  private final KeptCounts counts = new KeptCounts();
  private final KeptCounts validated = new KeptCounts();
  private Map<String, Object> lastValidated = Map.of();
  private List<Kept> shares = List.of();

  /** By layer: the choice's thresholds on inputs, then that on neurons. */
  private float[][] thresholds = new float[0][];

  private long[][] calibration = new long[0][];

  TokenMasks(TokenMasksOptions options, TokenChoice choice) {
    this.options = options;
    this.choice = choice;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Preparation prepare(ModelConfig config) {
    begin(config);
    if (options.split() == TokenMasksOptions.Split.UNIFORM) {
      double inputs = options.inputs();
      double neurons = choice.neurons(options.target(), inputs);
      options.requireNeurons(neurons);
      Kept everywhere = new Kept(inputs, neurons);
      return Preparation.ofNothing(() -> shares = Collections.nCopies(config.layers(), everywhere));
    }
    return new Measuring();
  }

  /** Takes what errors of each layer cost, and splits the share by it. */
  private final class Measuring implements Preparation.OfTokens, Preparation.BySensitivity {
    private final List<float[]> sensitivities = new ArrayList<>();
    private final List<LayerCosts> costs = new ArrayList<>();

    @Override
    public void sensitivity(int layer, float[] squares) {
      sensitivities.add(squares);
    }

    @Override
    public void layer(int layer, Tensor x, FfnWeights weights) {
      costs.add(LayerCosts.measure(choice, layer, x, weights, sensitivities.get(layer)));
    }

    @Override
    public void finish() {
      shares = ShareSplit.of(costs, choice, options.target());
    }
  }

  private void begin(ModelConfig config) {
    choice.begin(config);
    thresholds = new float[config.layers()][choice.tiers() + 1];
    counts.begin(config.layers(), choice.tiers() + 1);
    validated.begin(config.layers(), choice.tiers() + 1);
  }

  @Override
  public void calibrate(WholePasses passes, long[][] rows) {
    int length = rows[0].length;
    int count = Math.clamp(EXACT_TOKENS / length, 1, rows.length);
    calibration = Arrays.copyOf(rows, count);
    recalibrate(passes);
  }

  /** Each layer's thresholds by the tokens that reach it through the sparse layers before it. */
  @Override
  public void recalibrate(WholePasses passes) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      passes
          .model()
          .hidden(
              Tensors.of(calibration),
              (l, x, weights) -> {
                float[] limits = thresholds[l];
                choice.learn(l, x);
                Tensor seen = choice.seen(l, x);
                double[] wanted = wanted(l);
                for (int i = 0; i < choice.tiers(); i++) {
                  limits[i] = Threshold.of(seen, wanted[i]);
                }
                Tensor scores = choice.scores(l, seen, above(l, seen), weights);
                limits[choice.tiers()] = Threshold.of(scores, wanted[choice.tiers()]);
                Tensor kept = Threshold.above(scores, limits[choice.tiers()]);
                Tensor activations = choice.activations(x, scores, weights);
                return choice.output(l, activations, scores, kept, weights);
              });
    }
  }

  /** Shares that a layer's thresholds are to leave. */
  private double[] wanted(int l) {
    double[] wanted = Arrays.copyOf(choice.tiers(shares.get(l).inputs()), choice.tiers() + 1);
    wanted[choice.tiers()] = shares.get(l).neurons();
    return wanted;
  }

  /** By threshold on inputs: which are above it. */
  private List<Tensor> above(int l, Tensor seen) {
    List<Tensor> above = new ArrayList<>();
    for (int i = 0; i < choice.tiers(); i++) {
      above.add(Threshold.above(seen, thresholds[l][i]));
    }
    return above;
  }

  @Override
  public FeedForward feedForward() {
    return this::apply;
  }

  @Override
  public boolean passesAtOnce() {
    return true;
  }

  private Tensor apply(int l, Tensor x, FfnWeights weights) {
    Tensor seen = choice.seen(l, x);
    List<Tensor> above = above(l, seen);
    double[] wanted = wanted(l);
    boolean exact = options.exact() && GradMode.is_enabled();
    List<Tensor> read = exact ? largest(seen, wanted) : above;
    Tensor scores = choice.scores(l, seen, read, weights);
    Tensor neurons = Threshold.above(scores, thresholds[l][choice.tiers()]);
    Tensor kept = exact ? Threshold.largest(scores, wanted[choice.tiers()]) : neurons;
    above.add(neurons); // thresholds follow what they would keep, whoever chooses
    (GradMode.is_enabled() ? counts : validated).add(l, above);
    return choice.output(l, choice.activations(x, scores, weights), scores, kept, weights);
  }

  /** By threshold on inputs: the share of each token's that it is to leave. */
  private List<Tensor> largest(Tensor seen, double[] wanted) {
    List<Tensor> largest = new ArrayList<>();
    for (int i = 0; i < choice.tiers(); i++) {
      largest.add(Threshold.largest(seen, wanted[i]));
    }
    return largest;
  }

  @Override
  public void beginStep(int step, int steps) {
    counts.sums().reset();
  }

  @Override
  public void endStep(int step, int steps) {
    choice.weightsMoved();
    double[][] kept = counts.shares();
    for (int l = 0; l < thresholds.length; l++) {
      double[] wanted = wanted(l);
      for (int p = 0; p < wanted.length; p++) {
        follow(l, p, kept[l][p] - wanted[p]);
      }
    }
  }

  private void follow(int l, int place, double over) {
    if (thresholds[l][place] != Threshold.ALL) {
      thresholds[l][place] *= (float) Math.exp(options.follow() * over);
    }
  }

  @Override
  public Sums counts() {
    return counts.sums();
  }

  private static double mean(List<Kept> kept, ToDoubleFunction<Kept> share) {
    return kept.stream().mapToDouble(share).average().orElse(0);
  }

  @Override
  public Optional<ShippedThresholds> shippedThresholds() {
    List<ShippedThresholds.Layer> layers = new ArrayList<>();
    for (int l = 0; l < thresholds.length; l++) {
      Kept kept = shares.get(l);
      layers.add(
          new ShippedThresholds.Layer(
              thresholds[l][0],
              thresholds[l][choice.tiers()],
              kept.inputs(),
              kept.neurons(),
              choice.preview(l, thresholds[l])));
    }
    return Optional.of(new ShippedThresholds(options.choice(), layers));
  }

  @Override
  public Map<String, Object> metrics() {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("phase", "recover");
    m.put("active_ffn_share", mean(counts.kept(), choice::weights));
    m.put("share_all_in", mean(counts.kept(), choice::share));
    return m;
  }

  @Override
  public Map<String, Object> validationMetrics() {
    if (validated.any()) {
      lastValidated = validatedSoFar();
      validated.sums().reset();
    }
    return lastValidated;
  }

  private Map<String, Object> validatedSoFar() {
    List<Kept> kept = validated.kept();
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("active_ffn_share_measured", mean(kept, choice::weights));
    m.put("share_all_in_measured", mean(kept, choice::share));
    m.put("kept_inputs", kept.stream().map(Kept::inputs).toList());
    m.put("kept_neurons", kept.stream().map(Kept::neurons).toList());
    return m;
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>(choice.state());
    int places = choice.tiers() + 1;
    float[] flat = new float[thresholds.length * places];
    float[] kept = new float[thresholds.length * SHARES_OF_LAYER];
    for (int l = 0; l < thresholds.length; l++) {
      System.arraycopy(thresholds[l], 0, flat, l * places, places);
      kept[l * SHARES_OF_LAYER] = (float) shares.get(l).inputs();
      kept[l * SHARES_OF_LAYER + 1] = (float) shares.get(l).neurons();
    }
    state.put(THRESHOLDS, Tensors.of(flat, thresholds.length, places));
    state.put(SHARES, Tensors.of(kept, thresholds.length, SHARES_OF_LAYER));
    state.put(CALIBRATION, Tensors.of(calibration));
    return state;
  }

  @Override
  public void restore(ModelConfig config, Map<String, Tensor> saved) {
    begin(config);
    choice.restore(saved);
    float[] limits = Tensors.toFloats(SavedTensors.copy(saved, THRESHOLDS));
    float[] kept = Tensors.toFloats(SavedTensors.copy(saved, SHARES));
    List<Kept> restored = new ArrayList<>();
    for (int l = 0; l < thresholds.length; l++) {
      int places = thresholds[l].length;
      System.arraycopy(limits, l * places, thresholds[l], 0, places);
      restored.add(new Kept(kept[l * SHARES_OF_LAYER], kept[l * SHARES_OF_LAYER + 1]));
    }
    shares = List.copyOf(restored);
    calibration = SavedTensors.rows(saved, CALIBRATION);
  }
}
