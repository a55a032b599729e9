package org.mixtureofmasks.analyse;

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
   * @param masks E x intermediate_size of 0 and 1
   */
  static MaskStatistics of(byte[][] masks) {
    int experts = masks.length;
    int neurons = masks[0].length;
    int[] sizes = new int[experts];
    int[] hits = new int[experts + 1];
    for (int j = 0; j < neurons; j++) {
      int holders = 0;
      for (int e = 0; e < experts; e++) {
        holders += masks[e][j];
        sizes[e] += masks[e][j];
      }
      hits[holders]++;
    }
    double[] share = new double[experts];
    double[][] jaccard = new double[experts][experts];
    for (int e = 0; e < experts; e++) {
      share[e] = (double) sizes[e] / neurons;
      for (int f = 0; f < experts; f++) {
        int both = both(masks[e], masks[f]);
        int either = sizes[e] + sizes[f] - both;
        jaccard[e][f] = either == 0 ? 1 : (double) both / either;
      }
    }
    return new MaskStatistics(share, hits, jaccard);
  }

  private static int both(byte[] a, byte[] b) {
    int n = 0;
    for (int j = 0; j < a.length; j++) {
      n += a[j] & b[j];
    }
    return n;
  }
}
