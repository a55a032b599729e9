package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * Which lanes of a tile hold which neurons of a block, and with what factors. One thread's, filled
 * again for every block and tile.
 */
final class BlockLanes {
  /** Neurons of the block. */
  int count;

  /** Lanes of the tile. */
  int width;

  /** By neuron: bit t is set where lane t holds it. */
  final int[] held;

  /** Of neuron k and lane t at k * apart + t. */
  final float[] factors;

  /** Lanes of the tile; 0 where all neurons of a lane have the same factor. */
  int apart;

  /** Room for so many neurons and lanes. */
  BlockLanes(int neurons, int lanes) {
    held = new int[neurons];
    factors = new float[neurons * lanes];
  }

  /**
   * Takes neurons [first, end) of a tile. A neuron whose factor is 0 is not held.
   *
   * @return whether some lane holds one of them
   */
  boolean fill(LaneTile tile, int first, int end) {
    count = end - first;
    width = tile.width();
    apart = tile.even() ? 0 : width;
    Arrays.fill(held, 0, count, 0);
    int any = 0;
    if (apart == 0) {
      for (int t = 0; t < width; t++) {
        factors[t] = tile.lanes().get(t).factor;
      }
      for (LaneTile.Share share : tile.shares()) {
        any |= hold(share.lane(), share.bits(), first, end);
      }
    } else {
      Arrays.fill(factors, 0, count * width, 0);
      for (int t = 0; t < width; t++) {
        any |= holdWithFactors(tile.lanes().get(t), t, first, end);
      }
    }
    return any != 0;
  }

  private int hold(Lane lane, int bits, int first, int end) {
    int k = lane.place(first);
    int from = k;
    for (; k < lane.size && lane.neurons[k] < end; k++) {
      held[lane.neurons[k] - first] |= bits;
    }
    return k - from;
  }

  private int holdWithFactors(Lane lane, int t, int first, int end) {
    int any = 0;
    for (int k = lane.place(first); k < lane.size && lane.neurons[k] < end; k++) {
      int j = lane.neurons[k] - first;
      float factor = lane.factor(k);
      int bit = factor == 0 ? 0 : 1 << t;
      factors[j * width + t] = factor;
      held[j] |= bit;
      any |= bit;
    }
    return any;
  }
}
