/**
 * What a model folder means: configurations and names of tensors of each format, masks and experts,
 * the files of a sparse model. No arithmetic.
 */
@NullMarked
package org.mixtureofmasks.format;

import org.jspecify.annotations.NullMarked;
