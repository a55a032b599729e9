/** Masks that are computed for each token and layer: thresholds on what a matrix reads. */
@NullMarked
package org.mixtureofmasks.sparsify.tokenmasks;

import org.jspecify.annotations.NullMarked;
