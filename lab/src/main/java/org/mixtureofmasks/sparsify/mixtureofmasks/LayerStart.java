package org.mixtureofmasks.sparsify.mixtureofmasks;

/**
 * What one layer starts from.
 *
 * @param router experts x hidden_size, row-major
 * @param logAlpha experts x gates, row-major
 * @param inputLogAlpha experts x hidden_size, row-major; empty when inputs have no gates
 * @param gatesOn gates that each mask keeps at the target
 */
record LayerStart(float[] router, float[] logAlpha, float[] inputLogAlpha, int gatesOn) {}
