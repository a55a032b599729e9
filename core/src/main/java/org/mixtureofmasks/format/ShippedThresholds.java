package org.mixtureofmasks.format;

import java.util.List;

/**
 * What a method of token masks ships: each layer's thresholds, and what they keep on average.
 *
 * @param layers by layer
 */
public record ShippedThresholds(List<Layer> layers) {
  /** The threshold below every absolute value: all are kept. */
  public static final float ALL = -1;

  /** Copies the list of layers. */
  public ShippedThresholds {
    layers = List.copyOf(layers);
  }

  /**
   * A layer's thresholds. What is at or below one is left out.
   *
   * @param inputs on the absolute values of what gate and up projection read, at least 0 or {@link
   *     #ALL}
   * @param neurons on the absolute values of what the down projection reads, likewise
   * @param keptInputs share of hidden_size that a token keeps on average, in [0, 1]
   * @param keptNeurons share of intermediate_size that a token keeps on average, in [0, 1]
   */
  public record Layer(float inputs, float neurons, double keptInputs, double keptNeurons) {
    /**
     * Checks the thresholds.
     *
     * @throws IllegalArgumentException if one is neither a finite number from 0 nor {@link #ALL}
     */
    public Layer {
      if (!valid(inputs) || !valid(neurons)) {
        throw new IllegalArgumentException("thresholds %s and %s".formatted(inputs, neurons));
      }
    }

    /** Share of the FFN's weights: two of the three matrices are read by inputs. */
    double activeShare() {
      return (2 * keptInputs + keptNeurons) / 3;
    }
  }

  /** Whether a number is a threshold. */
  static boolean valid(float threshold) {
    return threshold == ALL || threshold >= 0 && threshold < Float.POSITIVE_INFINITY;
  }

  /** The share of FFN weights that a token uses, mean over layers. */
  double activeShare() {
    return layers.stream().mapToDouble(Layer::activeShare).average().orElse(0);
  }
}
