/** DSMoE: parts of the feed-forward layer behind sigmoid gates. */
@NullMarked
package org.mixtureofmasks.sparsify.dsmoe;

import org.jspecify.annotations.NullMarked;
