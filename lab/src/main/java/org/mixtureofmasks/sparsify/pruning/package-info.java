/** Static pruning: one fixed mask for all tokens. */
@NullMarked
package org.mixtureofmasks.sparsify.pruning;

import org.jspecify.annotations.NullMarked;
