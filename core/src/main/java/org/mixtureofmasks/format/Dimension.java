package org.mixtureofmasks.format;

/** What a mask's elements are. */
public enum Dimension {
  /** Intermediate neurons of the FFN: gate row, up row and down column together. */
  NEURONS("masks"),
  /** Elements of the FFN's input: columns of the gate and the up projection. */
  INPUTS("input_masks");

  private final String tensor;

  Dimension(String tensor) {
    this.tensor = tensor;
  }

  /** {@return the name of its masks in masks.safetensors, behind {@code layers.{l}.}} */
  public String tensor() {
    return tensor;
  }

  /**
   * {@return its elements in a model of this shape: intermediate_size or hidden_size}
   *
   * @param config of the model
   */
  public int length(ModelConfig config) {
    return switch (this) {
      case NEURONS -> config.intermediateSize();
      case INPUTS -> config.hiddenSize();
    };
  }
}
