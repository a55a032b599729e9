package org.mixtureofmasks.model;

import java.util.Arrays;
import org.mixtureofmasks.kernel.Kernels;

/**
 * One caller's keys and values in fp32, by layer and key-value head: keys as [block][head_dim][16],
 * values as [position][head_dim]. It grows as positions come, so that a long context costs nothing
 * before it is used.
 */
final class KvCache {
  private static final int FIRST = 64;

  private final int contextLength;
  private final int headDim;
  private final float[][][] keys;
  private final float[][][] values;
  private int positions;

  KvCache(LlamaConfig config, int contextLength) {
    this.contextLength = contextLength;
    this.headDim = config.headDim();
    this.keys = new float[config.layers()][config.kvHeads()][0];
    this.values = new float[config.layers()][config.kvHeads()][0];
  }

  /** Makes room for {@code needed} positions, at most the context; what is stored stays. */
  void reserve(int needed) {
    if (needed <= positions) {
      return;
    }
    int doubled = (int) Math.min(contextLength, Math.max(FIRST, 2L * positions));
    int room = roundUp(Math.max(needed, doubled));
    int length = Math.multiplyExact(room, headDim);
    for (int l = 0; l < keys.length; l++) {
      for (int g = 0; g < keys[l].length; g++) {
        keys[l][g] = Arrays.copyOf(keys[l][g], length);
        values[l][g] = Arrays.copyOf(values[l][g], length);
      }
    }
    positions = room;
  }

  /** Positions rounded up to whole blocks of keys. */
  static int roundUp(int positions) {
    return (positions + Kernels.KEY_BLOCK - 1) / Kernels.KEY_BLOCK * Kernels.KEY_BLOCK;
  }

  float[] keys(int layer, int kvHead) {
    return keys[layer][kvHead];
  }

  float[] values(int layer, int kvHead) {
    return values[layer][kvHead];
  }

  /** Stores one head's key and value. */
  void put(int layer, int kvHead, int position, float[] key, float[] value, int offset) {
    Kernels.putKey(key, offset, keys[layer][kvHead], position, headDim);
    System.arraycopy(value, offset, values[layer][kvHead], position * headDim, headDim);
  }
}
