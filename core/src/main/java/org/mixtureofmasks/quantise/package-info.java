/**
 * Rounds the weights of a model to 8 or 4 bits: to the nearest, or so that what rounding one weight
 * does to a layer's output the weights after it make up for (GPTQ).
 */
@NullMarked
package org.mixtureofmasks.quantise;

import org.jspecify.annotations.NullMarked;
