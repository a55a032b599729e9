/** CMoE: training-free experts with shared neurons and an analytical router. */
@NullMarked
package org.mixtureofmasks.sparsify.cmoe;

import org.jspecify.annotations.NullMarked;
