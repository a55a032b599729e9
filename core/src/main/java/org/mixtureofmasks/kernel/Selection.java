package org.mixtureofmasks.kernel;

import java.util.Arrays;

/** What some tokens keep of their inputs or neurons: ascending lists, and the values listed. */
final class Selection {
  /** By token: which it keeps, each thread's from where its part of all begins. */
  int[][] lists = {};

  /** By token and place in its list. */
  float[][] values = {};

  /** By token and thread. */
  int[][] counts = {};

  /** Makes room. */
  void reserve(int tokens, int columns, int threads) {
    if (lists.length < tokens || lists[0].length < columns) {
      lists = new int[tokens][columns];
      values = new float[tokens][columns];
      counts = new int[tokens][threads];
    }
  }

  /**
   * Lists what is above a threshold.
   *
   * @param part the thread's number; 0 if one thread lists all
   * @param from where a token's values begin
   * @param first number of values[from], and where in the token's list the part begins
   */
  void select(int token, int part, float[] of, int from, int count, float threshold, int first) {
    list(token, part, of, from, count, threshold, first, 1);
  }

  /** Lists what {@link #select} leaves out. */
  void selectOthers(
      int token, int part, float[] of, int from, int count, float threshold, int first) {
    list(token, part, of, from, count, threshold, first, 0);
  }

  /** Lists what is above, for 1, or is not, for 0. */
  private void list(
      int token, int part, float[] of, int from, int count, float threshold, int first, int above) {
    int[] list = lists[token];
    float[] listed = values[token];
    int n = first;
    for (int i = 0; i < count; i++) {
      float value = of[from + i];
      // Written whether it is listed or not: branches that nobody can foresee cost more.
      list[n] = first + i;
      listed[n] = value;
      n += Math.abs(value) <= threshold ? 1 - above : above; // what is no number shows as that
    }
    counts[token][part] = n - first;
  }

  /**
   * Which a token keeps, ascending.
   *
   * @param columns that there are to keep
   * @param threads whose lists there are
   * @param multiple of which the threads' parts of the columns come
   */
  int[] all(int token, int columns, int threads, int multiple) {
    int[] all = new int[Math.toIntExact(kept(token, threads))];
    for (int part = 0, n = 0; part < threads; part++) {
      int count = counts[token][part];
      int from = ThreadTeam.start(columns, part, threads, multiple);
      System.arraycopy(lists[token], from, all, n, count);
      n += count;
    }
    return all;
  }

  /** How many a token keeps, by the lists of so many threads. */
  long kept(int token, int threads) {
    return Arrays.stream(counts[token], 0, threads).asLongStream().sum();
  }
}
