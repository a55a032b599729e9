/** From a trained run to a sparse model folder: hard masks, shared and own neurons, layouts. */
@NullMarked
package org.mixtureofmasks.compile;

import org.jspecify.annotations.NullMarked;
