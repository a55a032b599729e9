package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * From the scores of input and neuron gates to binary ones: one threshold over both, set where the
 * share of the FFN's weights ({@link ActiveShare}) is nearest to the target. A lower threshold
 * opens the next gate and never lowers the share, so gates are taken from the largest score on;
 * ties fall to inputs, then to the lower index.
 */
final class JointHardening {
  /**
   * Scores of one layer.
   *
   * @param inputs experts x hidden_size, row-major
   * @param neurons experts x gates, row-major
   */
  record Scores(float[] inputs, float[] neurons) {}

  /**
   * Gates that stay, in the layout of the scores.
   *
   * @param inputs experts x hidden_size, row-major
   * @param neurons experts x gates, row-major
   */
  record Kept(boolean[] inputs, boolean[] neurons) {}

  private final Scores[] layers;
  private final int experts;
  private final int block;
  private final int width;
  private final int gates;
  private final Kept[] kept;

  private JointHardening(Scores[] layers, int experts, int block) {
    this.layers = layers;
    this.experts = experts;
    this.block = block;
    this.width = layers[0].inputs().length / experts;
    this.gates = layers[0].neurons().length / experts;
    this.kept =
        Arrays.stream(layers)
            .map(s -> new Kept(new boolean[s.inputs().length], new boolean[s.neurons().length]))
            .toArray(Kept[]::new);
  }

  /**
   * @param layers scores of every layer
   * @param budget over which masks the share is met, one threshold for each unit
   * @param share of each layer's masks, in (0, 1]
   * @param experts masks in each layer
   * @param block neurons that each neuron gate switches
   */
  static Kept[] choose(Scores[] layers, Budget budget, double[] share, int experts, int block) {
    JointHardening joint = new JointHardening(layers, experts, block);
    int masks = layers.length * experts;
    int together =
        switch (budget) {
          case EXPERT -> 1;
          case LAYER -> experts;
          case GLOBAL -> masks;
        };
    for (int from = 0; from < masks; from += together) {
      joint.open(from, together, share);
    }
    return joint.kept;
  }

  /** Opens gates of some neighbouring masks, numbered over all layers, to their mean share. */
  private void open(int from, int masks, double[] share) {
    int d = width;
    long whole = 3L * d * gates * block;
    double target =
        IntStream.range(from, from + masks).mapToDouble(i -> share[i / experts]).sum() * whole;
    long[] order = ordered(from, masks);
    int[] read = new int[masks];
    int[] on = new int[masks];
    long used = 0; // Σ 2 |in| |mid| + |mid| d
    for (long key : order) {
      int mask = (int) key / (d + gates);
      int gate = (int) key % (d + gates);
      boolean input = gate < d;
      long more = input ? 2L * on[mask] : block * (2L * read[mask] + d);
      if (used >= target || used + more - target > target - used) {
        return; // the share without this gate is the nearer
      }
      used += more;
      Kept layer = kept[(from + mask) / experts];
      int expert = (from + mask) % experts;
      if (input) {
        read[mask]++;
        layer.inputs()[expert * d + gate] = true;
      } else {
        on[mask] += block;
        layer.neurons()[expert * gates + gate - d] = true;
      }
    }
  }

  /** Gates of some masks from the largest score on; the low half is the index, inputs first. */
  private long[] ordered(int from, int masks) {
    float[] scores = new float[Math.multiplyExact(masks, width + gates)];
    for (int i = 0; i < masks; i++) {
      Scores layer = layers[(from + i) / experts];
      int expert = (from + i) % experts;
      int at = i * (width + gates);
      System.arraycopy(layer.inputs(), expert * width, scores, at, width);
      System.arraycopy(layer.neurons(), expert * gates, scores, at + width, gates);
    }
    return Hardening.largestFirst(scores);
  }
}
