package org.mixtureofmasks.sparsify.moefication;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.nn.FfnWeights;

/** The expert of each neuron of a layer: equal parts that do not overlap. */
final class NeuronSplit {
  private NeuronSplit() {}

  /**
   * @param importance s of the calibration tokens, tokens x intermediate_size, fp32
   * @param random of this layer
   * @return expert by neuron, each of the E as often
   */
  static int[] of(
      MoeficationOptions options, FfnWeights weights, Tensor importance, SplittableRandom random) {
    int neurons = (int) weights.gate().size(0);
    int experts = options.experts();
    return switch (options.split()) {
      case K_MEANS -> BalancedKMeans.split(weights.gate(), experts, random);
      case RANDOM -> shuffled(contiguous(neurons, experts), random);
      case CONTIGUOUS -> contiguous(neurons, experts);
      case CO_ACTIVATION -> {
        int active = Math.max(1, (int) Math.round(CoActivation.ACTIVE_SHARE * neurons));
        yield new CoActivation(CoActivation.graph(importance, active), experts).split();
      }
    };
  }

  private static int[] contiguous(int neurons, int experts) {
    int[] expertOf = new int[neurons];
    for (int j = 0; j < neurons; j++) {
      expertOf[j] = j / (neurons / experts);
    }
    return expertOf;
  }

  private static int[] shuffled(int[] values, SplittableRandom random) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = values[i];
      values[i] = values[j];
      values[j] = kept;
    }
    return values;
  }

  /** The same as a mask for each expert. */
  static List<Mask> masks(int[] expertOf, int experts) {
    return IntStream.range(0, experts)
        .mapToObj(e -> Mask.of(expertOf.length, j -> expertOf[j] == e))
        .toList();
  }
}
