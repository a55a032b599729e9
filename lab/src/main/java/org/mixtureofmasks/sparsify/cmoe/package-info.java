/** CMoE: training-free experts with shared neurons and an analytical router. */
package org.mixtureofmasks.sparsify.cmoe;
