package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;

/**
 * In which order a format's own kernels add up the product of one widened row and one token: two
 * chains of vectors, then the lanes of their sum, then what no whole vector covers. {@link
 * StepKernels} adds up in the same order for several tokens, so that their bits are those of each
 * token alone. Places count from the beginning of the row, in the format's {@link Order}.
 *
 * @param first where the first chain begins
 * @param count vectors of the first chain
 * @param second where the second chain begins
 * @param secondCount vectors of the second chain
 * @param stride from a vector of a chain to its next, in floats
 * @param tail places that no vector covers, in the order in which they are added
 * @param tailApart whether the tail is added up by itself before it is added to the rest
 */
record RowSum(
    int first, int count, int second, int secondCount, int stride, int[] tail, boolean tailApart) {
  private static final int L = FloatVector.SPECIES_PREFERRED.length();

  /** Rows in {@link Order#SPLIT}: a chain for the even columns, one for the odd ones. */
  static RowSum ofHalves(int columns, boolean tailApart) {
    int vectors = columns / (2 * L);
    int whole = vectors * 2 * L;
    int[] tail = new int[columns - whole];
    for (int i = 0; i < tail.length; i++) {
      tail[i] = Order.SPLIT.place(whole + i, columns);
    }
    return new RowSum(0, vectors, (columns + 1) / 2, vectors, L, tail, tailApart);
  }

  /** Rows in plain order: the first chain has the vectors of even number, the second the others. */
  static RowSum ofTurns(int columns) {
    int vectors = columns / L;
    int whole = vectors * L;
    int[] tail = new int[columns - whole];
    for (int i = 0; i < tail.length; i++) {
      tail[i] = whole + i;
    }
    return new RowSum(0, (vectors + 1) / 2, L, vectors / 2, 2 * L, tail, true);
  }
}
