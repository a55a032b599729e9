package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.SplittableRandom;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.LayerByLayer;

/**
 * The calibrated start of one layer from its tokens: masks by {@link KMasks}, a router by {@link
 * RouterFit}.
 */
record LayerCalibration(MixtureOfMasksOptions options) {
  /** Sharpness of the router's targets: softmax(100 · captured share). */
  private static final double SHARPNESS = 100;

  /**
   * @param input the FFN's inputs of all calibration tokens, tokens x hidden_size
   * @param gatesOn gates that each mask keeps
   * @param random of this layer
   * @throws UserError if there are fewer tokens than experts
   */
  LayerStart of(Tensor input, FfnWeights weights, int gatesOn, SplittableRandom random) {
    if (input.size(0) < options.experts()) {
      throw new UserError(
          ("masks.start calibrated needs at least %s calibration tokens, there are %s: give more"
                  + " training data or a larger masks.calibration_tokens")
              .formatted(options.experts(), input.size(0)));
    }
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
    int kept = gatesOn;
    if (options.topK() > 1) {
      Tensor chosen = x.matmul(router.t()).topk(options.topK(), 1, true, true).get1();
      kept = UnionDensity.gatesOn(result.meanImportance(), chosen, options.target());
    }
    float[] inputs =
        options.variant().masksInputs()
            ? Tensors.toFloats(new InputImportance(weights, options).logAlpha(x, result))
            : new float[0];
    return new LayerStart(
        Tensors.toFloats(router), Tensors.toFloats(result.logAlpha()), inputs, kept);
  }

  /** Importance of each gate for each token, in passes that bound the activations' memory. */
  private Tensor importance(Tensor input, FfnWeights weights) {
    Tensor importance = torch.empty(input.size(0), options.gates((int) weights.gate().size(0)));
    LayerByLayer.eachPass(
        input,
        (first, x) -> {
          Tensor a = weights.activations(x);
          importance
              .narrow(0, first, x.size(0))
              .copy_(KMasks.importance(a, weights.down(), options.block()));
        });
    return importance;
  }
}
