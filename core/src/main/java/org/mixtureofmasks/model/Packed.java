package org.mixtureofmasks.model;

/**
 * Tokens of several texts for one pass. The texts are a tree: they share what the state holds and,
 * where they begin alike, each other's tokens, and no token sees another text's. So the choices of
 * a question read their context once, and the matrix products have dozens of rows.
 *
 * @param tokens n ids, at least 1 and at most {@link ModelState#packLimit}
 * @param parents what each token follows: the index of an earlier one, or ~p when it comes after
 *     the first p tokens that the state holds
 * @param scored indices of tokens, ascending, an index once for each target: the logits after them
 *     are computed, and no others
 * @param targets for each of {@code scored} the id whose log-probability is wanted
 * @param kept tokens that the state holds afterwards: the first so many of the text that the last
 *     token ends
 */
public record Packed(int[] tokens, int[] parents, int[] scored, int[] targets, int kept) {

  /**
   * What a pass says of its targets.
   *
   * @param logProbabilities natural logarithms, by place in {@code targets}
   * @param greedy whether the target is the most likely token
   */
  public record Scores(double[] logProbabilities, boolean[] greedy) {}
}
