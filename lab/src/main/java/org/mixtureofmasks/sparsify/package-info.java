/**
 * What a method of making a model sparse is, and what several of them share; one package for each
 * method.
 */
@NullMarked
package org.mixtureofmasks.sparsify;

import org.jspecify.annotations.NullMarked;
