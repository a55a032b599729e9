package org.mixtureofmasks.sparsify;

import java.util.List;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedExperts;

/** What a method would ship now, as arrays that tests compare. */
public final class Shipped {
  private Shipped() {}

  private static ShippedExperts of(Method method) {
    return method.shipped().orElseThrow();
  }

  /** Masks of neurons: layers x experts x intermediate_size. */
  public static boolean[][][] neurons(Method method) {
    return flags(of(method).masks(), Dimension.NEURONS);
  }

  /** Masks of inputs: layers x experts x hidden_size; no layers when there are none. */
  public static boolean[][][] inputs(Method method) {
    ExpertMasks masks = of(method).masks();
    return masks.has(Dimension.INPUTS) ? flags(masks, Dimension.INPUTS) : new boolean[0][][];
  }

  private static boolean[][][] flags(ExpertMasks masks, Dimension dimension) {
    boolean[][][] flags = new boolean[masks.layers()][][];
    for (int l = 0; l < flags.length; l++) {
      flags[l] = flags(masks.layer(dimension, l));
    }
    return flags;
  }

  /** Masks of one layer: experts x elements. */
  public static boolean[][] flags(List<Mask> masks) {
    return masks.stream().map(Shipped::flags).toArray(boolean[][]::new);
  }

  private static boolean[] flags(Mask mask) {
    boolean[] flags = new boolean[mask.length()];
    mask.indices().forEach(j -> flags[j] = true);
    return flags;
  }

  /** For each layer rows x hidden_size, row-major. */
  public static List<float[]> routers(Method method) {
    return of(method).routers();
  }

  public static Routing routing(Method method) {
    return of(method).routing();
  }
}
