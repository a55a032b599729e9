/**
 * What the experts of a sparse model do: their masks, which tokens choose them, what is lost
 * without them; and what tokens keep by masks of their own. docs/analysis.md has every number's
 * formula and source.
 */
@NullMarked
package org.mixtureofmasks.analyse;

import org.jspecify.annotations.NullMarked;
