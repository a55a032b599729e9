package org.mixtureofmasks.model;

import java.util.Arrays;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.kernel.Kernels;

/**
 * One caller's keys and values in fp32, by layer and key-value head: keys as [block][head_dim][16],
 * values as [place][head_dim]. The place of a token is its position, but for the branches of a
 * {@link Packed} pass while it runs. It grows as tokens come, so that a long context costs nothing
 * before it is used.
 */
final class KvCache {
  private static final int FIRST = 64;

  private final int capacity;
  private final int headDim;
  private final float[][][] keys;
  private final float[][][] values;
  private int room; // places that there is memory for

  KvCache(ModelConfig config, int capacity) {
    this.capacity = capacity;
    this.headDim = config.headDim();
    this.keys = new float[config.layers()][config.kvHeads()][0];
    this.values = new float[config.layers()][config.kvHeads()][0];
  }

  /** Makes room for {@code needed} places, at most the capacity; what is stored stays. */
  void reserve(int needed) {
    if (needed <= room) {
      return;
    }
    int doubled = (int) Math.min(capacity, Math.max(FIRST, 2L * room));
    int places = roundUp(Math.max(needed, doubled));
    int length = Math.multiplyExact(places, headDim);
    for (int l = 0; l < keys.length; l++) {
      for (int g = 0; g < keys[l].length; g++) {
        keys[l][g] = Arrays.copyOf(keys[l][g], length);
        values[l][g] = Arrays.copyOf(values[l][g], length);
      }
    }
    room = places;
  }

  /** Places rounded up to whole blocks of keys. */
  static int roundUp(int places) {
    return (places + Kernels.KEY_BLOCK - 1) / Kernels.KEY_BLOCK * Kernels.KEY_BLOCK;
  }

  float[] keys(int layer, int kvHead) {
    return keys[layer][kvHead];
  }

  float[] values(int layer, int kvHead) {
    return values[layer][kvHead];
  }

  /** Stores one head's key and value. */
  void put(int layer, int kvHead, int place, float[] key, float[] value, int offset) {
    Kernels.putKey(key, offset, keys[layer][kvHead], place, headDim);
    System.arraycopy(value, offset, values[layer][kvHead], place * headDim, headDim);
  }

  /** Copies the first {@code count} tokens of some stretches to the places from 0 on. */
  void gather(int[] stretches, int count) {
    int to = 0;
    for (int s = 0; to < count; s += 2) {
      int n = Math.min(stretches[s + 1] - stretches[s], count - to);
      if (stretches[s] != to) {
        move(stretches[s], to, n);
      }
      to += n;
    }
  }

  private void move(int from, int to, int n) {
    float[] key = new float[headDim];
    for (int l = 0; l < keys.length; l++) {
      for (int g = 0; g < keys[l].length; g++) {
        for (int t = 0; t < n; t++) {
          Kernels.getKey(keys[l][g], from + t, key, headDim);
          Kernels.putKey(key, 0, keys[l][g], to + t, headDim);
        }
        System.arraycopy(values[l][g], from * headDim, values[l][g], to * headDim, n * headDim);
      }
    }
  }
}
