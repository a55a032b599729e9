package org.mixtureofmasks.format;

import java.util.List;

/**
 * What a method ships: its experts' masks, its routers, and how they choose.
 *
 * @param masks hard masks of all layers
 * @param routers for each layer rows x hidden_size, row-major; rows as the routing says
 * @param routing how tokens choose experts
 */
public record ShippedExperts(ExpertMasks masks, List<float[]> routers, Routing routing) {
  /**
   * Copies the list of routers, and checks that the parts fit each other.
   *
   * @throws IllegalArgumentException if there are not as many routers as layers of masks, or if
   *     inputs are masked and a token can have several experts or the masks are not of hidden_size
   */
  public ShippedExperts {
    routers = List.copyOf(routers);
    if (routers.size() != masks.layers()) {
      throw new IllegalArgumentException(
          "%d routers for %d layers".formatted(routers.size(), masks.layers()));
    }
    if (masks.has(Dimension.INPUTS)) {
      int d = routers.getFirst().length / routing.routerRows(masks.experts());
      if (routing.select() != Routing.Select.TOP_K || routing.topK() != 1) {
        throw new IllegalArgumentException(
            "input masks are for one expert a token: %s".formatted(routing));
      }
      if (masks.length(Dimension.INPUTS) != d) {
        throw new IllegalArgumentException("input masks are not of hidden_size %s".formatted(d));
      }
    }
  }

  /** {@return hidden_size, d, from the length of a router} */
  public int hiddenSize() {
    return routers.getFirst().length / routing.routerRows(masks.experts());
  }
}
