package org.mixtureofmasks.sparsify.moefication;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Sums;

/**
 * Which neurons are active together, as a graph, and its parts of exactly equal size with much
 * weight inside. The source cuts with METIS; here parts are grown greedily, then neurons of two
 * parts change places as long as that gains (Kernighan and Lin's gain, without their look-ahead).
 */
final class CoActivation {
  /**
   * Share of a layer's neurons that count as active in a token. The few strongest tell neurons
   * apart best: mom-4m at 8 / 4 before training, 4.118 at a half, 4.082 at a quarter, 4.009 at a
   * tenth.
   */
  static final double ACTIVE_SHARE = 0.1;

  private static final String TOGETHER = "together";
  private static final int SWEEPS = 50;

  /**
   * Gain below this share of the heaviest edge is rounding: without it sums in fp32 could cycle.
   */
  private static final double ROUNDING = 1e-4;

  private final float[][] weights;
  private final int nodes;
  private final int parts;

  /**
   * @param weights symmetric, nodes x nodes, not negative
   * @param parts divides the number of nodes
   */
  CoActivation(float[][] weights, int parts) {
    this.weights = weights;
    this.nodes = weights.length;
    this.parts = parts;
  }

  /**
   * The graph of a layer: c_ij / sqrt(c_ii c_jj), c_ij the tokens in which both neurons are among
   * the {@code active} most important ones. (A SwiGLU neuron is never exactly 0, so "active" needs
   * a bound; counts alone would put the neurons that are often active into one part.)
   *
   * @param importance tokens x neurons, fp32
   * @param active neurons that count as active in each token, at least 1
   */
  static float[][] graph(Tensor importance, int active) {
    try (PointerScope _ = new PointerScope()) {
      return graph(together(importance, active));
    }
  }

  /** c_ij, which adds up over tokens; exact in fp32 up to 2^24 of them. */
  private static Sums together(Tensor importance, int active) {
    Sums sums = new Sums();
    long neurons = importance.size(1);
    Tensor counts = sums.declare(TOGETHER, torch.ScalarType.Float, neurons, neurons);
    LayerByLayer.eachPass(
        importance,
        (_, s) -> {
          Tensor top = s.topk(active, 1, true, false).get1();
          Tensor on = torch.zeros_like(s).scatter_(1, top, new Scalar(1));
          counts.add_(on.t().matmul(on));
        });
    return sums;
  }

  private static float[][] graph(Sums together) {
    Tensor counts = together.get(TOGETHER);
    int neurons = (int) counts.size(0);
    Tensor scale = counts.diagonal().clamp_min(new Scalar(1)).rsqrt();
    float[] flat = Tensors.toFloats(counts.mul(scale.unsqueeze(0)).mul(scale.unsqueeze(1)));
    float[][] rows = new float[neurons][neurons];
    for (int i = 0; i < neurons; i++) {
      System.arraycopy(flat, i * neurons, rows[i], 0, neurons);
    }
    return rows;
  }

  /** The part of each node. */
  int[] split() {
    int[] partOf = grow();
    exchange(partOf);
    return partOf;
  }

  /** Part by part: the heaviest free node, then whichever free node is tied most to the part. */
  private int[] grow() {
    int[] partOf = new int[nodes];
    Arrays.fill(partOf, -1);
    double[] degree = new double[nodes];
    for (int i = 0; i < nodes; i++) {
      for (float w : weights[i]) {
        degree[i] += w;
      }
    }
    for (int part = 0; part < parts; part++) {
      double[] ties = new double[nodes];
      for (int n = 0; n < nodes / parts; n++) {
        int next = largestFree(partOf, n == 0 ? degree : ties);
        partOf[next] = part;
        for (int j = 0; j < nodes; j++) {
          ties[j] += weights[next][j];
        }
      }
    }
    return partOf;
  }

  private static int largestFree(int[] partOf, double[] values) {
    int best = -1;
    for (int i = 0; i < partOf.length; i++) {
      if (partOf[i] < 0 && (best < 0 || values[i] > values[best])) {
        best = i;
      }
    }
    return best;
  }

  /**
   * Exchanges pairs of nodes while the weight inside the parts grows.
   *
   * @param partOf equal parts; changed in place
   */
  void exchange(int[] partOf) {
    double[][] ties = new double[nodes][parts];
    double heaviest = 0;
    for (int i = 0; i < nodes; i++) {
      for (int j = 0; j < nodes; j++) {
        if (i != j) {
          ties[i][partOf[j]] += weights[i][j];
          heaviest = Math.max(heaviest, weights[i][j]);
        }
      }
    }
    boolean moved = true;
    for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
      moved = false;
      for (int i = 0; i < nodes; i++) {
        int partner = bestPartner(partOf, ties, i, heaviest * ROUNDING);
        if (partner >= 0) {
          swap(partOf, ties, i, partner);
          moved = true;
        }
      }
    }
  }

  /** The node whose exchange with i gains most, or -1 if none gains more than the least. */
  private int bestPartner(int[] partOf, double[][] ties, int i, double least) {
    int from = partOf[i];
    int partner = -1;
    double best = least;
    for (int j = 0; j < nodes; j++) {
      int to = partOf[j];
      double gain = ties[i][to] - ties[i][from] + ties[j][from] - ties[j][to] - 2.0 * weights[i][j];
      if (to != from && gain > best) {
        partner = j;
        best = gain;
      }
    }
    return partner;
  }

  private void swap(int[] partOf, double[][] ties, int i, int j) {
    int a = partOf[i];
    int b = partOf[j];
    for (int n = 0; n < nodes; n++) {
      double toI = n == i ? 0 : weights[n][i];
      double toJ = n == j ? 0 : weights[n][j];
      ties[n][a] += toJ - toI;
      ties[n][b] += toI - toJ;
    }
    partOf[i] = b;
    partOf[j] = a;
  }
}
