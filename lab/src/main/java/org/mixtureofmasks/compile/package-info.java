/** From a trained run to a sparse model folder: hard masks, shared and own neurons, layouts. */
package org.mixtureofmasks.compile;
