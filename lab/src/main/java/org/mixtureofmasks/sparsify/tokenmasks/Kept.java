package org.mixtureofmasks.sparsify.tokenmasks;

/**
 * What a token keeps of a layer on average.
 *
 * @param inputs share of hidden_size whose weights are read, or their copy, in [0, 1]; one of which
 *     half of the copy's bits are read counts half
 * @param neurons share of intermediate_size whose weights are read, in [0, 1]
 */
record Kept(double inputs, double neurons) {}
