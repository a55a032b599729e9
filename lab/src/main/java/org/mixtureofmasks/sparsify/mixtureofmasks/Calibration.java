package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.FfnInputs;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Criterion;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Shares;

/**
 * The calibrated start: {@link FfnInputs} of the dense model; then, layer by layer, masks by {@link
 * KMasks} and a router by {@link RouterFit}. Activations exist for one layer at a time.
 */
final class Calibration {
  /** Tokens whose activations exist at once. */
  private static final int TOKENS_PER_PASS = 2048;

  /** Sharpness of the router's targets: softmax(100 · captured share). */
  private static final double SHARPNESS = 100;

  private final MixtureOfMasksOptions options;
  private final SplittableRandom random;

  Calibration(MixtureOfMasksOptions options, long seed) {
    this.options = options;
    this.random = new SplittableRandom(seed);
  }

  /**
   * What one layer starts from.
   *
   * @param router experts x hidden_size, row-major
   * @param logAlpha experts x gates, row-major
   * @param inputLogAlpha experts x hidden_size, row-major; null when inputs have no gates
   * @param gatesOn gates that each mask keeps at the target
   */
  record LayerStart(float[] router, float[] logAlpha, float[] inputLogAlpha, int gatesOn) {}

  /**
   * @param rows token ids, rows x length
   * @throws UserError if there are fewer tokens than experts
   */
  List<LayerStart> run(DecoderModule model, long[][] rows) {
    long tokens = rows.length == 0 ? 0 : (long) rows.length * rows[0].length;
    if (tokens < options.experts()) {
      throw new UserError(
          "masks.start calibrated needs at least "
              + options.experts()
              + " calibration tokens, there are "
              + tokens
              + ": give more training data or a larger masks.calibration_tokens");
    }
    List<LayerStart> starts = new ArrayList<>();
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      List<Tensor> inputs = FfnInputs.of(model, rows);
      int[] gatesOn = gatesOn(model, rows, inputs);
      for (int l = 0; l < inputs.size(); l++) {
        try (PointerScope _ = new PointerScope()) {
          starts.add(layer(inputs.get(l), model.ffn(l), gatesOn[l], random.split()));
        }
        inputs.get(l).close();
      }
    }
    return starts;
  }

  /** Gates that each layer's masks keep: the same number, or where the loss needs them. */
  private int[] gatesOn(DecoderModule model, long[][] rows, List<Tensor> inputs) {
    int gates = options.gates(model.config().intermediateSize());
    if (options.layerShares() == Shares.BY_LOSS) {
      double[] densities = LayerShares.measuredAt(options.target());
      double[][] rises = rises(model, rows, inputs, densities);
      return LayerShares.allot(rises, densities, options.target(), gates);
    }
    double density = UnionDensity.independent(options.target(), options.topK());
    int[] all = new int[inputs.size()];
    Arrays.fill(all, (int) Math.round(density * gates));
    return all;
  }

  /** Rise of the loss with one layer masked and the others dense: layers x densities, nats. */
  private double[][] rises(
      DecoderModule model, long[][] rows, List<Tensor> inputs, double[] densities) {
    RowsLoss loss = new RowsLoss(model, rows);
    double dense = loss.of((_, x, weights) -> weights.dense(x));
    int gates = options.gates(model.config().intermediateSize());
    double[][] rises = new double[inputs.size()][densities.length];
    for (int l = 0; l < rises.length; l++) {
      for (int i = 0; i < densities.length; i++) {
        try (PointerScope _ = new PointerScope()) {
          int gatesOn = (int) Math.round(densities[i] * gates);
          LayerStart start = layer(inputs.get(l), model.ffn(l), gatesOn, random.split());
          Tensor logAlpha = Tensors.of(start.logAlpha(), options.experts(), gates);
          Tensor masks = KMasks.largest(logAlpha, gatesOn);
          if (options.block() > 1) {
            masks =
                masks.repeat_interleave(options.block(), new LongOptional(1), new LongOptional());
          }
          Tensor router =
              Tensors.of(start.router(), options.experts(), model.config().hiddenSize());
          rises[l][i] = loss.of(onlyLayer(l, masks, router)) - dense;
        }
      }
    }
    return rises;
  }

  private static FeedForward onlyLayer(int masked, Tensor masks, Tensor router) {
    return (l, x, weights) -> {
      if (l != masked) {
        return weights.dense(x);
      }
      Tensor v = masks.index_select(0, OutputError.choices(x, router));
      return weights.project(weights.activations(x).mul(weights.precision().cast(v)));
    };
  }

  private LayerStart layer(Tensor input, FfnWeights weights, int gatesOn, SplittableRandom random) {
    Tensor importance = importance(input, weights);
    Tensor x = input.to(torch.ScalarType.Float);
    KMasks masks = new KMasks(importance, options.experts(), options.topK());
    KMasks.Result result = masks.fit(x, gatesOn, random);
    Tensor router = RouterFit.fit(x, result.captured().mul(new Scalar(SHARPNESS)).softmax(1));
    if (options.criterion() == Criterion.OUTPUT_ERROR) {
      Tensor ranking =
          new OutputError(weights, options.block())
              .improve(result.meanImportance(), gatesOn, x, OutputError.choices(x, router));
      result = new KMasks.Result(ranking, result.captured());
    }
    if (options.topK() > 1) {
      Tensor chosen = x.matmul(router.t()).topk(options.topK(), 1, true, true).get1();
      gatesOn = UnionDensity.gatesOn(result.meanImportance(), chosen, options.target());
    }
    float[] inputs =
        options.variant().masksInputs()
            ? Tensors.toFloats(new InputImportance(weights, options).logAlpha(x, result))
            : null;
    return new LayerStart(
        Tensors.toFloats(router), Tensors.toFloats(result.logAlpha()), inputs, gatesOn);
  }

  /** Importance of each gate for each token, in passes that bound the activations' memory. */
  private Tensor importance(Tensor input, FfnWeights weights) {
    int gates = options.gates((int) weights.gate().size(0));
    Tensor importance = torch.empty(input.size(0), gates);
    for (long at = 0; at < input.size(0); at += TOKENS_PER_PASS) {
      try (PointerScope _ = new PointerScope()) {
        long n = Math.min(TOKENS_PER_PASS, input.size(0) - at);
        Tensor a = weights.activations(input.narrow(0, at, n));
        importance.narrow(0, at, n).copy_(KMasks.importance(a, weights.down(), options.block()));
      }
    }
    return importance;
  }
}
