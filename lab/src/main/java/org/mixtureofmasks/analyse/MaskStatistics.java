package org.mixtureofmasks.analyse;

import java.util.List;
import org.mixtureofmasks.format.Mask;

/**
 * How the masks of one layer lie to one another (the paper's Figures 5 and 6a).
 *
 * @param neuronShare [E]: neurons of each expert / intermediate_size
 * @param hits [E + 1]: neurons that exactly h experts hold, h = 0 .. E; h = 0 are redundant, h = E
 *     shared
 * @param jaccard [E][E]: neurons that both hold over neurons that either holds; 1 for two empty
 *     masks, which are the same
 */
record MaskStatistics(double[] neuronShare, int[] hits, double[][] jaccard) {

  /**
   * @param masks of the layer's experts
   */
  static MaskStatistics of(List<Mask> masks) {
    int experts = masks.size();
    int neurons = masks.getFirst().length();
    int[] hits = new int[experts + 1];
    for (int j = 0; j < neurons; j++) {
      int neuron = j;
      hits[(int) masks.stream().filter(mask -> mask.on(neuron)).count()]++;
    }
    double[] share = new double[experts];
    double[][] jaccard = new double[experts][experts];
    for (int e = 0; e < experts; e++) {
      share[e] = (double) masks.get(e).count() / neurons;
      for (int f = 0; f < experts; f++) {
        int both = both(masks.get(e), masks.get(f));
        int either = masks.get(e).count() + masks.get(f).count() - both;
        jaccard[e][f] = either == 0 ? 1 : (double) both / either;
      }
    }
    return new MaskStatistics(share, hits, jaccard);
  }

  private static int both(Mask a, Mask b) {
    return (int) a.indices().filter(b::on).count();
  }
}
