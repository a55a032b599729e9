package org.mixtureofmasks.compile;

/**
 * The binary masks of a model: for each layer and expert, which neurons of the dense FFN are on.
 * Every layer has the same number of experts and neurons.
 */
public final class HardMasks {
  private final boolean[][][] on;

  /**
   * @param on layers x experts x intermediate_size; copied
   * @throws IllegalArgumentException if it is ragged or empty
   */
  public HardMasks(boolean[][][] on) {
    if (on.length == 0 || on[0].length == 0) {
      throw new IllegalArgumentException("no masks");
    }
    this.on = new boolean[on.length][][];
    for (int l = 0; l < on.length; l++) {
      if (on[l].length != on[0].length) {
        throw new IllegalArgumentException("layer " + l + " has another number of experts");
      }
      this.on[l] = new boolean[on[l].length][];
      for (int e = 0; e < on[l].length; e++) {
        if (on[l][e].length != on[0][0].length) {
          throw new IllegalArgumentException("a mask of layer " + l + " has another length");
        }
        this.on[l][e] = on[l][e].clone();
      }
    }
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
    int n = 0;
    for (boolean b : on[layer][expert]) {
      n += b ? 1 : 0;
    }
    return n;
  }

  /**
   * Share of the FFN's weights that a token uses when every set of k experts is equally likely,
   * averaged over layers: (2·d·|v| + |v|·d) / (3·d·m) = |v| / m, v the union of its masks. For k =
   * 1 the mean density.
   */
  public double activeShare(int k) {
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
