package org.mixtureofmasks.kernel;

import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;

/**
 * In which order a format's own kernels add up the product of one widened row and one token: two
 * chains of vectors, neither of which waits for the other, then the lanes of their sum, then what
 * no whole vector covers. {@link StepKernels} adds up in the same order for several tokens, so that
 * their bits are those of each token alone. Places count from the beginning of the row, in the
 * format's {@link Order}.
 *
 * @param passes which vectors each chain adds, in order
 * @param tail places that no vector covers, in the order in which they are added
 * @param tailApart whether the tail is added up by itself before it is added to the rest
 */
record RowSum(List<Pass> passes, int[] tail, boolean tailApart) {
  private static final int L = FloatVector.SPECIES_PREFERRED.length();

  /**
   * Some vectors of a chain.
   *
   * @param chain whose they are, 0 or 1
   * @param from where the first vector begins
   * @param count vectors
   * @param stride from one to the next, in floats
   */
  record Pass(int chain, int from, int count, int stride) {}

  /** Rows in {@link Order#SPLIT}: a chain for the even columns, one for the odd ones. */
  static RowSum ofHalves(int columns, boolean tailApart) {
    int vectors = columns / (2 * L);
    int[] tail =
        IntStream.range(vectors * 2 * L, columns).map(c -> Order.SPLIT.place(c, columns)).toArray();
    List<Pass> passes =
        List.of(new Pass(0, 0, vectors, L), new Pass(1, (columns + 1) / 2, vectors, L));
    return new RowSum(passes, tail, tailApart);
  }

  /** Rows in plain order: the first chain has the vectors of even number, the second the others. */
  static RowSum ofTwo(int columns) {
    int vectors = columns / L;
    List<Pass> passes =
        List.of(new Pass(0, 0, (vectors + 1) / 2, 2 * L), new Pass(1, L, vectors / 2, 2 * L));
    return new RowSum(passes, IntStream.range(vectors * L, columns).toArray(), true);
  }
}
