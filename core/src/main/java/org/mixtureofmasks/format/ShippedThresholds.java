package org.mixtureofmasks.format;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a method of token masks ships: each layer's thresholds, and what they keep on average.
 *
 * @param choice by what a token chooses
 * @param layers by layer
 */
public record ShippedThresholds(Choice choice, List<Layer> layers) {
  /** The threshold below every absolute value: all are kept. */
  public static final float ALL = -1;

  /** Copies the list of layers. */
  public ShippedThresholds {
    layers = List.copyOf(layers);
  }

  /**
   * Thresholds on inputs and neurons.
   *
   * @param layers by layer
   */
  public ShippedThresholds(List<Layer> layers) {
    this(Choice.INPUTS, layers);
  }

  /**
   * A layer's inputs as its {@link Preview} is read for them.
   *
   * @param centres of the hidden_size inputs: thresholds are on how far an input is from its own
   * @param whole of the inputs that the preview is read of, those this far off are read in all
   *     bits; at least 0 or {@link #ALL}
   */
  public record PreviewInputs(float[] centres, float whole) {
    /**
     * Checks the threshold.
     *
     * @throws IllegalArgumentException if it is none
     */
    public PreviewInputs {
      if (!valid(whole)) {
        throw new IllegalArgumentException("threshold %s".formatted(whole));
      }
    }
  }

  /** By what a token chooses the part of a FFN that it reads. */
  public enum Choice {
    /** Gate and up projection read the inputs that are large, the down projection the neurons. */
    INPUTS,
    /** A {@link Preview} of the inputs that are large says which neurons are read whole. */
    PREVIEW;

    /** {@return its name in config.json and reports} */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** {@return what a token reads, for people} */
    public String describe() {
      return this == INPUTS
          ? "each token reads what is above two thresholds of each layer"
          : "each token reads a preview of its largest inputs, and the neurons that this says are"
              + " largest";
    }

    /**
     * FFN weights that a token uses; a preview is none of them.
     *
     * @param inputs that it keeps
     * @param neurons that it keeps
     * @param d hidden_size
     * @param m intermediate_size
     * @return weights, 0 to 3·d·m
     */
    public double weights(double inputs, double neurons, double d, double m) {
      return this == INPUTS ? 2 * m * inputs + d * neurons : 3 * d * neurons;
    }
  }

  /**
   * A layer's thresholds. What is at or below one is left out.
   *
   * @param inputs on the absolute values of what gate and up projection read, or on how far what a
   *     preview is read for is from its centre, at least 0 or {@link #ALL}
   * @param neurons on the absolute values of what the down projection reads, or of what the preview
   *     says of it, likewise
   * @param keptInputs share of hidden_size that a token keeps on average, or of a preview's rows of
   *     both planes, in [0, 1]
   * @param keptNeurons share of intermediate_size that a token keeps on average, in [0, 1]
   * @param preview with a choice by preview
   */
  public record Layer(
      float inputs,
      float neurons,
      double keptInputs,
      double keptNeurons,
      Optional<PreviewInputs> preview) {
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

    /**
     * Thresholds on inputs and neurons, without a preview.
     *
     * @param inputs as {@link #inputs}
     * @param neurons as {@link #neurons}
     * @param keptInputs as {@link #keptInputs}
     * @param keptNeurons as {@link #keptNeurons}
     */
    public Layer(float inputs, float neurons, double keptInputs, double keptNeurons) {
      this(inputs, neurons, keptInputs, keptNeurons, Optional.empty());
    }

    private double activeShare(Choice choice) {
      return choice.weights(keptInputs, keptNeurons, 1, 1) / 3;
    }
  }

  /** Whether a number is a threshold. */
  static boolean valid(float threshold) {
    return threshold == ALL || threshold >= 0 && threshold < Float.POSITIVE_INFINITY;
  }

  /** {@return the share of FFN weights that a token uses, mean over layers, in [0, 1]} */
  public double activeShare() {
    return layers.stream().mapToDouble(layer -> layer.activeShare(choice)).average().orElse(0);
  }
}
