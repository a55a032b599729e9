package org.mixtureofmasks.kernel;

import java.util.Arrays;

/** Arrays that grow, one for each thread or block of tokens. */
final class Room {
  private Room() {}

  /** The array of that number, made anew when it has fewer than n floats. */
  static float[] of(float[][] arrays, int number, int n) {
    if (arrays[number].length < n) {
      arrays[number] = new float[n];
    }
    return arrays[number];
  }

  /** The same, the first n of its floats 0. */
  static float[] cleared(float[][] arrays, int number, int n) {
    float[] array = of(arrays, number, n);
    Arrays.fill(array, 0, n, 0);
    return array;
  }
}
