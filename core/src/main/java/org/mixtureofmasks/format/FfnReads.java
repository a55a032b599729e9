package org.mixtureofmasks.format;

/**
 * What one token reads of a layer's feed-forward part, on average over tokens.
 *
 * @param activeWeights weights of the FFN that take part in its output, 0 to 3·d·m
 * @param ffnBytes read of the FFN's weights; more than the active ones where a layout computes all
 *     and masks after
 * @param choiceBytes read to choose experts and to find their neurons: the router, masks, lists
 * @param denseBytes of all 3·d·m weights in the format of this layer's weights
 */
public record FfnReads(
    double activeWeights, double ffnBytes, double choiceBytes, double denseBytes) {

  /**
   * A layer that reads all of its weights and chooses nothing.
   *
   * @param weights of the layer, 3·d·m
   * @param bytes that they take as they are stored
   * @return all of the weights active, nothing read for a choice
   */
  public static FfnReads dense(double weights, double bytes) {
    return new FfnReads(weights, bytes, 0, bytes);
  }
}
