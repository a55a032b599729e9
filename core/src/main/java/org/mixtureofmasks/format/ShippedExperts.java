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
  public ShippedExperts {
    routers = List.copyOf(routers);
    if (routers.size() != masks.layers()) {
      throw new IllegalArgumentException(
          "%d routers for %d layers".formatted(routers.size(), masks.layers()));
    }
    if (masks.has(Dimension.INPUTS)) {
      int d = routers.getFirst().length / routing.routerRows(masks.experts());
      if (routing.select() != Routing.Select.TOP_K || routing.topK() != 1) {
        throw new IllegalArgumentException("input masks are for one expert a token: " + routing);
      }
      if (masks.length(Dimension.INPUTS) != d) {
        throw new IllegalArgumentException("input masks are not of hidden_size " + d);
      }
    }
  }

  /** hidden_size, d. */
  public int hiddenSize() {
    return routers.getFirst().length / routing.routerRows(masks.experts());
  }
}
