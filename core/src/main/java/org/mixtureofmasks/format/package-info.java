/**
 * What a model folder means: configurations and names of tensors of each format, masks and experts,
 * the files of a sparse model. No arithmetic.
 */
package org.mixtureofmasks.format;
