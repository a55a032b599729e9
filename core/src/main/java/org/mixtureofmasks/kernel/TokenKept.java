package org.mixtureofmasks.kernel;

/**
 * What one token keeps of a FFN with token masks.
 *
 * @param inputs 0 to hidden_size; one of which a preview is read by half counts half
 * @param neurons which, ascending
 */
public record TokenKept(double inputs, int[] neurons) {}
