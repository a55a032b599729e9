package org.mixtureofmasks.sparsify;

/**
 * What a method is besides, when a figure of the whole sparse model (a threshold of all layers) can
 * only be found by passing tokens through it, which no layer alone can tell.
 */
public interface NeedsPasses {
  /**
   * Right after the preparation.
   *
   * @param calibration rows of token ids that the preparation saw, rows x length; {@link
   *     #recalibrate} needs them again, so they belong to the method's state
   */
  void calibrate(WholePasses passes, long[][] calibration);

  /** After the last step, on the rows of the first time. */
  void recalibrate(WholePasses passes);
}
