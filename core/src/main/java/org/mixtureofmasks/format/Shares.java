package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * How much of the dense model's feed-forward part a token needs; the one definition of both
 * figures, wherever they are printed. Of a file, every expert equally likely, they are {@code
 * active_ffn_share} and {@code share_all_in}; of tokens that were run, with the experts that these
 * really chose, the same names with {@code _measured} behind.
 *
 * @param activeFfn FFN weights that a token uses over the 3·d·m of the dense FFN, mean over layers,
 *     in [0, 1]; routers are not counted
 * @param allIn bytes that a token reads for FFN, router and whatever else the choice needs (masks,
 *     lists of neurons or of inputs), over the bytes of the dense FFN in the same number format,
 *     sums over layers; it can pass 1
 */
public record Shares(double activeFfn, double allIn) {
  private static final String ACTIVE = "active_ffn_share";
  private static final String ALL_IN = "share_all_in";

  /** Of a dense model. */
  public static final Shares DENSE = new Shares(1, 1);

  /** Where nobody can tell, such as of a served model. */
  public static final Shares UNKNOWN = new Shares(Double.NaN, Double.NaN);

  /**
   * The shares of a model.
   *
   * @param layers what a token reads of each
   * @param denseWeights of one layer's dense FFN, 3·d·m
   * @return both figures
   */
  public static Shares of(List<FfnReads> layers, double denseWeights) {
    double active = 0;
    double read = 0;
    double dense = 0;
    for (FfnReads layer : layers) {
      active += layer.activeWeights();
      read += layer.ffnBytes() + layer.choiceBytes();
      dense += layer.denseBytes();
    }
    return new Shares(active / layers.size() / denseWeights, read / dense);
  }

  /**
   * Writes them as shares of a file; null where a figure is not known (NaN).
   *
   * @param to gets {@code active_ffn_share} and {@code share_all_in}
   */
  public void describe(ObjectNode to) {
    put(to, "");
  }

  /**
   * Writes them as shares of tokens that were run; null where a figure is not known (NaN).
   *
   * @param to gets {@code active_ffn_share_measured} and {@code share_all_in_measured}
   */
  public void describeMeasured(ObjectNode to) {
    put(to, "_measured");
  }

  /**
   * Reads what {@link #describe} wrote; {@link #UNKNOWN} figures where there are none.
   *
   * @param from an object
   * @return the shares; a figure that is missing or null is NaN
   */
  public static Shares read(JsonNode from) {
    return get(from, "");
  }

  /**
   * Reads what {@link #describeMeasured} wrote; empty where there is nothing of it.
   *
   * @param from an object
   * @return the shares, if the object has {@code active_ffn_share_measured}
   */
  public static Optional<Shares> readMeasured(JsonNode from) {
    Shares shares = get(from, "_measured");
    return Double.isNaN(shares.activeFfn) ? Optional.empty() : Optional.of(shares);
  }

  private static Shares get(JsonNode from, String suffix) {
    return new Shares(
        from.path(ACTIVE + suffix).asDouble(Double.NaN),
        from.path(ALL_IN + suffix).asDouble(Double.NaN));
  }

  private void put(ObjectNode to, String suffix) {
    to.put(ACTIVE + suffix, Double.isNaN(activeFfn) ? null : (Double) activeFfn);
    to.put(ALL_IN + suffix, Double.isNaN(allIn) ? null : (Double) allIn);
  }
}
