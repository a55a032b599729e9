package org.mixtureofmasks.score;

/**
 * What one document says of a metric, as a numerator and a denominator: the metric is a function of
 * sum(value) / sum(weight) over the documents.
 *
 * @param value 1 or 0 for an accuracy, a log-probability (nats) for a perplexity
 * @param weight 1, or the words or bytes that the log-probability is spread over
 */
public record Observation(double value, double weight) {}
