package org.mixtureofmasks.format;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
   * The masks of every masked dimension.
   *
   * @param masks by dimension: layers of experts; neurons among them
   * @return a copy: later changes of the lists do not show
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
   * @return masks without {@link Dimension#INPUTS}
   * @throws IllegalArgumentException as {@link #of}
   */
  public static ExpertMasks ofNeurons(List<List<Mask>> layers) {
    return of(Map.of(Dimension.NEURONS, layers));
  }

  /** {@return number of layers, at least 1} */
  public int layers() {
    return neurons().size();
  }

  /** {@return experts of each layer, E, at least 1} */
  public int experts() {
    return neurons().getFirst().size();
  }

  /**
   * {@return whether experts leave out elements of this dimension}
   *
   * @param dimension always masked if it is {@link Dimension#NEURONS}
   */
  public boolean has(Dimension dimension) {
    return masks.containsKey(dimension);
  }

  /**
   * {@return elements of a masked dimension, the length of each of its masks}
   *
   * @param dimension that is masked
   * @throws IllegalArgumentException if it is not
   */
  public int length(Dimension dimension) {
    return layer(dimension, 0).getFirst().length();
  }

  /**
   * {@return the masks of a layer's experts, E of them}
   *
   * @param dimension that is masked
   * @param layer from 0
   * @throws IllegalArgumentException if the dimension is not masked
   */
  public List<Mask> layer(Dimension dimension, int layer) {
    List<List<Mask>> layers = masks.get(dimension);
    if (layers == null) {
      throw new IllegalArgumentException("no masks of %s".formatted(dimension));
    }
    return layers.get(layer);
  }

  /**
   * {@return an expert's mask}
   *
   * @param dimension that is masked
   * @param layer from 0
   * @param expert from 0
   * @throws IllegalArgumentException if the dimension is not masked
   */
  public Mask mask(Dimension dimension, int layer, int expert) {
    return layer(dimension, layer).get(expert);
  }

  private List<List<Mask>> neurons() {
    return Objects.requireNonNull(masks.get(Dimension.NEURONS)); // of() has seen to it
  }

  /**
   * {@return mean number of inputs that the experts of a layer keep, in [0, hidden_size]}
   *
   * @param layer from 0
   * @throws IllegalArgumentException if inputs are not masked
   */
  public double keptInputs(int layer) {
    return layer(Dimension.INPUTS, layer).stream().mapToInt(Mask::count).average().orElseThrow();
  }

  /**
   * The paper's R_h·R_FFN: mean over layers and experts of (|in| / d) (|mid| / m). It overstates
   * what input masks save, since down columns are read whole.
   *
   * @return the share, in [0, 1]
   * @throws IllegalArgumentException if inputs are not masked
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
   * @param k experts of a token, in [1, E]
   * @return the share, in [0, 1]
   * @throws IllegalArgumentException with input masks if k is not 1
   */
  public double activeShare(int k) {
    if (!has(Dimension.INPUTS)) {
      return neuronShare(k);
    }
    if (k != 1) {
      throw new IllegalArgumentException(
          "input masks are for one expert a token, not %s".formatted(k));
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
