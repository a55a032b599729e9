package org.mixtureofmasks.sparsify.mixtureofmasks;

/** How the calibrated start spreads the target over the layers. */
public enum Shares {
  /** Every layer has the target. */
  EQUAL,
  /** Layers have more the more the loss rises without: {@link LayerShares}. */
  BY_LOSS
}
