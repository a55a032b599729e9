package org.mixtureofmasks.recipe;

/**
 * A file of training or validation data.
 *
 * @param file absolute path
 * @param weight its share of the rows relative to the other sources' weights, above 0
 */
public record Source(String file, double weight) {}
