/**
 * What the experts of a sparse model do: their masks, which tokens choose them, what is lost
 * without them. docs/analysis.md has every number's formula and source.
 */
@NullMarked
package org.mixtureofmasks.analyse;

import org.jspecify.annotations.NullMarked;
