package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * Columns of a matrix and where their sums go: y[t * stride + at ...] for token t.
 *
 * @param from column, the first
 * @param to column, behind the last
 */
record ListedRows(Matrix w, float[] y, int stride, int at, int from, int to) {
  /** Bytes of rows that stay in the second-level cache while the tokens pass over them. */
  private static final int BLOCK_BYTES = 128 << 10;

  /** Rows that the tokens go over together; all when there is one token. */
  int block(int tokens) {
    long bytes = w.format().rowBytes(w.columns()) * (to - from) / w.columns();
    return tokens == 1 ? w.rows() : blockOf(bytes);
  }

  /** How many rows or records of so many bytes the tokens go over together. */
  static int blockOf(long bytes) {
    return (int) Math.max(4, BLOCK_BYTES / Math.max(1, bytes));
  }

  /** Adds the rows in [first, end) of a token's list[listFrom, listTo), which ascends. */
  void add(
      Kernels kernels,
      int t,
      int[] list,
      float[] factors,
      int listFrom,
      int listTo,
      int first,
      int end) {
    int k = place(list, listFrom, listTo, first);
    int kEnd = place(list, k, listTo, end);
    kernels.addRows(w, list, k, kEnd, factors, y, t * stride + at, from, to);
  }

  /**
   * The sums of some neurons' gates, then of their ups, of every token: 2n floats each.
   *
   * @param byInput rows of inputs: gates of all neurons, then their ups
   * @param inputs that the tokens keep
   * @param gateFactors by token and place in its list
   * @param upFactors likewise
   * @param from the first neuron
   * @param n neurons
   * @param sum added to
   */
  static void gatesAndUps(
      Kernels kernels,
      Matrix byInput,
      Selection inputs,
      float[][] gateFactors,
      float[][] upFactors,
      int tokens,
      int from,
      int n,
      float[] sum) {
    int up = byInput.columns() / 2 + from;
    ListedRows gates = new ListedRows(byInput, sum, 2 * n, 0, from, from + n);
    ListedRows ups = new ListedRows(byInput, sum, 2 * n, n, up, up + n);
    for (int i = 0, next; i < byInput.rows(); i = next) {
      next = Math.min(byInput.rows(), i + gates.block(tokens));
      for (int t = 0; t < tokens; t++) {
        int[] list = inputs.lists[t];
        int count = inputs.counts[t][0];
        gates.add(kernels, t, list, gateFactors[t], 0, count, i, next);
        ups.add(kernels, t, list, upFactors[t], 0, count, i, next);
      }
    }
  }

  /** Where the first element of list[from, to) lies that is at least a row. */
  static int place(int[] list, int from, int to, int row) {
    int found = Arrays.binarySearch(list, from, to, row);
    return found < 0 ? ~found : found;
  }
}
