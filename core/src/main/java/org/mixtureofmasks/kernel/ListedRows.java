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

  /** Where the first element of list[from, to) lies that is at least a row. */
  static int place(int[] list, int from, int to, int row) {
    int found = Arrays.binarySearch(list, from, to, row);
    return found < 0 ? ~found : found;
  }
}
