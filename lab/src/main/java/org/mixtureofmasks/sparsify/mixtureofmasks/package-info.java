/** Mixture of masks: experts are learned binary masks on the one feed-forward layer. */
@NullMarked
package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.jspecify.annotations.NullMarked;
