package org.mixtureofmasks.format;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;

/**
 * The masks of a model: for each dimension, layer and expert one {@link Mask}. Neurons are always
 * masked; a dimension without masks is read whole. Every layer has the same number of experts.
 */
public final class ExpertMasks {
  private final Map<Dimension, List<List<Mask>>> masks;

  private ExpertMasks(Map<Dimension, List<List<Mask>>> masks) {
    this.masks = masks;
  }

  /**
   * @param masks by dimension: layers of experts; neurons among them
   * @throws IllegalArgumentException if there is no layer or no expert, or if numbers of layers, of
   *     experts or lengths differ
   */
  public static ExpertMasks of(Map<Dimension, List<List<Mask>>> masks) {
    List<List<Mask>> neurons = masks.getOrDefault(Dimension.NEURONS, List.of());
    if (neurons.isEmpty() || neurons.getFirst().isEmpty()) {
      throw new IllegalArgumentException("no masks of neurons");
    }
    Map<Dimension, List<List<Mask>>> copy = new EnumMap<>(Dimension.class);
    masks.forEach(
        (dimension, layers) -> {
          if (layers.size() != neurons.size()) {
            throw new IllegalArgumentException("%s of other layers".formatted(dimension));
          }
          int length = layers.getFirst().getFirst().length();
          for (List<Mask> experts : layers) {
            if (experts.size() != neurons.getFirst().size()
                || experts.stream().anyMatch(mask -> mask.length() != length)) {
              throw new IllegalArgumentException(
                  "%s of other experts, or of different lengths".formatted(dimension));
            }
          }
          copy.put(dimension, layers.stream().map(List::copyOf).toList());
        });
    return new ExpertMasks(copy);
  }

  /**
   * Masks of neurons only.
   *
   * @param layers of experts
   */
  public static ExpertMasks ofNeurons(List<List<Mask>> layers) {
    return of(Map.of(Dimension.NEURONS, layers));
  }

  public int layers() {
    return neurons().size();
  }

  public int experts() {
    return neurons().getFirst().size();
  }

  /** Whether experts leave out elements of this dimension. */
  public boolean has(Dimension dimension) {
    return masks.containsKey(dimension);
  }

  /** Elements of a masked dimension. */
  public int length(Dimension dimension) {
    return layer(dimension, 0).getFirst().length();
  }

  /** The masks of a layer's experts. */
  public List<Mask> layer(Dimension dimension, int layer) {
    if (!has(dimension)) {
      throw new IllegalArgumentException("no masks of " + dimension);
    }
    return masks.get(dimension).get(layer);
  }

  /** An expert's mask. */
  public Mask mask(Dimension dimension, int layer, int expert) {
    return layer(dimension, layer).get(expert);
  }

  private List<List<Mask>> neurons() {
    return masks.get(Dimension.NEURONS);
  }

  /** Mean number of inputs that the experts of a layer keep; only with masks of inputs. */
  public double keptInputs(int layer) {
    return layer(Dimension.INPUTS, layer).stream().mapToInt(Mask::count).average().orElseThrow();
  }

  /**
   * The paper's R_h·R_FFN: mean over layers and experts of (|in| / d) (|mid| / m). It overstates
   * what input masks save, since down columns are read whole.
   */
  public double paperShare() {
    return mean(
        (l, e) -> {
          Mask in = mask(Dimension.INPUTS, l, e);
          Mask mid = mask(Dimension.NEURONS, l, e);
          return (double) in.count() / in.length() * mid.count() / mid.length();
        });
  }

  /**
   * Share of the FFN's weights that a token uses when every set of k experts is equally likely,
   * averaged over layers: (2·d·|v| + |v|·d) / (3·d·m) = |v| / m, v the union of its masks. For k =
   * 1 the mean density, and with input masks the mean of (2·|in|·|mid| + |mid|·d) / (3·d·m), 0 for
   * an expert without inputs, whose output is 0.
   *
   * @throws IllegalArgumentException with input masks if k is not 1
   */
  public double activeShare(int k) {
    if (!has(Dimension.INPUTS)) {
      return neuronShare(k);
    }
    if (k != 1) {
      throw new IllegalArgumentException("input masks are for one expert a token, not " + k);
    }
    return mean(
        (l, e) -> {
          Mask in = mask(Dimension.INPUTS, l, e);
          Mask mid = mask(Dimension.NEURONS, l, e);
          double d = in.length();
          return in.count() == 0 ? 0 : (2 * in.count() + d) * mid.count() / (3 * d * mid.length());
        });
  }

  private double mean(ToDoubleBiFunction<Integer, Integer> ofExpert) {
    double sum = 0;
    for (int l = 0; l < layers(); l++) {
      for (int e = 0; e < experts(); e++) {
        sum += ofExpert.applyAsDouble(l, e);
      }
    }
    return sum / ((double) layers() * experts());
  }

  private double neuronShare(int k) {
    int length = length(Dimension.NEURONS);
    double sum = 0;
    for (List<Mask> experts : neurons()) {
      for (int j = 0; j < length; j++) {
        int neuron = j;
        int owners =
            (int) IntStream.range(0, experts.size()).filter(e -> experts.get(e).on(neuron)).count();
        sum += 1 - noneChosen(owners, k);
      }
    }
    return sum / ((double) layers() * length);
  }

  /** Probability that k of E experts, drawn without replacement, miss all owners of a neuron. */
  private double noneChosen(int owners, int k) {
    double p = 1;
    for (int i = 0; i < k; i++) {
      p *= Math.max(0, experts() - owners - i) / (double) (experts() - i);
    }
    return p;
  }
}
