package org.mixtureofmasks.ledger;

/**
 * A phase as it was.
 *
 * @param name as the prediction has it
 * @param memoryBytes the most that was resident while it went on; 0 where the system does not say
 * @param seconds that it took, all its turns together
 */
public record Measured(String name, long memoryBytes, double seconds) {}
