package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Preparation;

/**
 * The calibrated start whose layers have more gates the more the loss rises when they alone are
 * masked: {@link LayerShares}.
 */
final class CalibrationByLoss extends Calibration implements Preparation.ByLoss {
  private final MixtureOfMasksOptions options;
  private final double[] densities;

  /** Rise of the loss with one layer masked and the others dense: layers x densities, nats. */
  private final double[][] rises;

  /** Loss of the dense model; NaN until it is known. */
  private double dense = Double.NaN;

  /** Of each layer; empty until all are measured. */
  private int[] gatesOn = new int[0];

  CalibrationByLoss(
      MixtureOfMasksOptions options,
      ModelConfig config,
      long seed,
      Consumer<List<LayerStart>> ready) {
    super(options, config, seed, ready);
    this.options = options;
    this.densities = LayerShares.measuredAt(options.target());
    this.rises = new double[config.layers()][densities.length];
  }

  @Override
  public void measure(int layer, Tensor x, FfnWeights weights, Loss loss) {
    if (Double.isNaN(dense)) {
      dense = loss.of((_, in, ffn) -> ffn.dense(in));
    }
    for (int i = 0; i < densities.length; i++) {
      try (PointerScope _ = new PointerScope()) {
        int on = (int) Math.round(densities[i] * gates());
        LayerStart start = start(x, weights, on);
        Tensor logAlpha = Tensors.of(start.logAlpha(), options.experts(), gates());
        Tensor masks = KMasks.largest(logAlpha, on);
        if (options.block() > 1) {
          masks = masks.repeat_interleave(options.block(), new LongOptional(1), new LongOptional());
        }
        Tensor router = Tensors.of(start.router(), options.experts(), x.size(1));
        rises[layer][i] = loss.of(onlyLayer(layer, masks, router)) - dense;
      }
    }
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

  @Override
  int gatesOn(int layer) {
    if (gatesOn.length == 0) { // asked for once every layer has been measured
      gatesOn = LayerShares.allot(rises, densities, options.target(), gates());
    }
    return gatesOn[layer];
  }
}
