package org.mixtureofmasks.compile;

import java.util.Arrays;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;

/**
 * The binary masks of a model: for each layer and expert, which neurons of the dense FFN are on,
 * and possibly which of its inputs. Every layer has the same number of experts, neurons and inputs.
 */
public final class HardMasks {
  private final boolean[][][] on;
  private final boolean[][][] inputs; // empty without input masks

  /**
   * Masks of neurons only.
   *
   * @param on layers x experts x intermediate_size; copied
   * @throws IllegalArgumentException if it is ragged or empty
   */
  public HardMasks(boolean[][][] on) {
    this(on, new boolean[0][][]);
  }

  /**
   * @param on layers x experts x intermediate_size; copied
   * @param inputs layers x experts x hidden_size, or empty when all inputs are read; copied
   * @throws IllegalArgumentException if one is ragged, masks are empty, or numbers of layers or
   *     experts differ
   */
  public HardMasks(boolean[][][] on, boolean[][][] inputs) {
    if (on.length == 0 || on[0].length == 0) {
      throw new IllegalArgumentException("no masks");
    }
    if (inputs.length > 0 && (inputs.length != on.length || inputs[0].length != on[0].length)) {
      throw new IllegalArgumentException("input masks of other layers or experts");
    }
    this.on = copy(on);
    this.inputs = copy(inputs);
  }

  private static boolean[][][] copy(boolean[][][] masks) {
    boolean[][][] copy = new boolean[masks.length][][];
    for (int l = 0; l < masks.length; l++) {
      if (masks[l].length != masks[0].length) {
        throw new IllegalArgumentException("layer " + l + " has another number of experts");
      }
      copy[l] = new boolean[masks[l].length][];
      for (int e = 0; e < masks[l].length; e++) {
        if (masks[l][e].length != masks[0][0].length) {
          throw new IllegalArgumentException("a mask of layer " + l + " has another length");
        }
        copy[l][e] = masks[l][e].clone();
      }
    }
    return copy;
  }

  public int layers() {
    return on.length;
  }

  public int experts() {
    return on[0].length;
  }

  /** Neurons of the dense FFN, intermediate_size. */
  public int neurons() {
    return on[0][0].length;
  }

  /** Whether an expert uses a neuron. */
  public boolean on(int layer, int expert, int neuron) {
    return on[layer][expert][neuron];
  }

  /** A copy of one layer: experts x intermediate_size. */
  public boolean[][] layer(int l) {
    boolean[][] copy = new boolean[experts()][];
    for (int e = 0; e < copy.length; e++) {
      copy[e] = on[l][e].clone();
    }
    return copy;
  }

  /** Neurons that an expert uses. */
  public int size(int layer, int expert) {
    return count(on[layer][expert]);
  }

  private static int count(boolean[] mask) {
    int n = 0;
    for (boolean b : mask) {
      n += b ? 1 : 0;
    }
    return n;
  }

  /** Whether experts leave out inputs of the FFN. */
  public boolean hasInputs() {
    return inputs.length > 0;
  }

  /** A copy of an expert's input mask, hidden_size; only with {@link #hasInputs}. */
  public boolean[] inputMask(int layer, int expert) {
    return inputs[layer][expert].clone();
  }

  /** The inputs that an expert reads, ascending; none when it has no neuron that could use them. */
  public int[] inputs(int layer, int expert) {
    boolean[] mask = inputs[layer][expert];
    return size(layer, expert) == 0
        ? new int[0]
        : IntStream.range(0, mask.length).filter(c -> mask[c]).toArray();
  }

  /** Mean number of inputs that the experts of a layer keep. */
  public double keptInputs(int layer) {
    return Arrays.stream(inputs[layer]).mapToInt(HardMasks::count).average().orElseThrow();
  }

  /**
   * The paper's R_h·R_FFN: mean over layers and experts of (|in| / d) (|mid| / m). It overstates
   * what input masks save, since down columns are read whole.
   */
  public double paperShare() {
    return mean(
        (l, e) -> (double) count(inputs[l][e]) / inputs[l][e].length * size(l, e) / neurons());
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
    if (!hasInputs()) {
      return neuronShare(k);
    }
    if (k != 1) {
      throw new IllegalArgumentException("input masks are for one expert a token, not " + k);
    }
    return mean(
        (l, e) -> {
          double d = inputs[l][e].length;
          int in = count(inputs[l][e]);
          return in == 0 ? 0 : (2 * in + d) * size(l, e) / (3 * d * neurons());
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
    double sum = 0;
    for (int l = 0; l < layers(); l++) {
      for (int j = 0; j < neurons(); j++) {
        int owners = 0;
        for (int e = 0; e < experts(); e++) {
          owners += on[l][e][j] ? 1 : 0;
        }
        sum += 1 - noneChosen(owners, k);
      }
    }
    return sum / ((double) layers() * neurons());
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
