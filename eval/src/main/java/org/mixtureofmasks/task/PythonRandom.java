package org.mixtureofmasks.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * CPython's {@code random.Random} as far as few-shot examples need it: the Mersenne Twister MT19937
 * (Matsumoto and Nishimura 1998) seeded by {@code init_by_array}, and {@code Random.sample} with
 * {@code _randbelow_with_getrandbits}. Which examples stand before a question is part of a task, so
 * the numbers must be Python's.
 */
public final class PythonRandom {
  private static final int N = 624;
  private static final int M = 397;

  private final int[] state = new int[N];
  private int next = N;

  /** {@code random.Random(seed)}; Python takes the magnitude of a negative seed. */
  public PythonRandom(long seed) {
    long magnitude = Math.abs(seed);
    int low = (int) magnitude;
    int high = (int) (magnitude >>> 32);
    initByArray(high == 0 ? new int[] {low} : new int[] {low, high});
  }

  private void initByArray(int[] key) {
    state[0] = 19650218;
    for (int i = 1; i < N; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
    }
    int i = 1;
    int j = 0;
    for (int k = Math.max(N, key.length); k > 0; k--) {
      state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >>> 30) * 1664525) + key[j] + j;
      i = following(i);
      j = (j + 1) % key.length;
    }
    for (int k = N - 1; k > 0; k--) {
      state[i] = (state[i] ^ (state[i - 1] ^ state[i - 1] >>> 30) * 1566083941) - i;
      i = following(i);
    }
    state[0] = 0x80000000;
  }

  /** The next place of the state; past the end it starts again at 1, with the last word at 0. */
  private int following(int i) {
    if (i + 1 < N) {
      return i + 1;
    }
    state[0] = state[N - 1];
    return 1;
  }

  /** 32 random bits. */
  int nextBits() {
    if (next == N) {
      for (int i = 0; i < N; i++) {
        int y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
        state[i] = state[(i + M) % N] ^ y >>> 1 ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
      }
      next = 0;
    }
    int y = state[next++];
    y ^= y >>> 11;
    y ^= y << 7 & 0x9d2c5680;
    y ^= y << 15 & 0xefc60000;
    return y ^ y >>> 18;
  }

  /** {@code random()}: 53 random bits in [0, 1). */
  public double nextDouble() {
    long a = Integer.toUnsignedLong(nextBits()) >>> 5;
    long b = Integer.toUnsignedLong(nextBits()) >>> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }

  /** {@code _randbelow_with_getrandbits(n)}: uniform in 0 .. n - 1, for n of at least 1. */
  int below(int n) {
    int bits = 32 - Integer.numberOfLeadingZeros(n);
    int r;
    do {
      r = nextBits() >>> 32 - bits;
    } while (Integer.compareUnsigned(r, n) >= 0);
    return r;
  }

  /**
   * {@code sample(range(n), k)}: k different places in the order in which they are drawn.
   *
   * @param n places, at least k
   */
  List<Integer> sample(int n, int k) {
    if (k < 0 || k > n) {
      throw new IllegalArgumentException("a sample of %s out of %s".formatted(k, n));
    }
    List<Integer> drawn = new ArrayList<>(k);
    if (n <= setSize(k)) {
      int[] pool = new int[n];
      Arrays.setAll(pool, i -> i);
      for (int i = 0; i < k; i++) {
        int j = below(n - i);
        drawn.add(pool[j]);
        pool[j] = pool[n - i - 1];
      }
    } else {
      Set<Integer> selected = new HashSet<>();
      while (drawn.size() < k) {
        int j = below(n);
        if (selected.add(j)) {
          drawn.add(j);
        }
      }
    }
    return drawn;
  }

  /** Up to so many places a pool costs CPython less than a set: 21 + 4^ceil(log4(3k)). */
  private static long setSize(int k) {
    long size = 1;
    while (k > 5 && size < 3L * k) {
      size *= 4;
    }
    return k > 5 ? 21 + size : 21;
  }
}
