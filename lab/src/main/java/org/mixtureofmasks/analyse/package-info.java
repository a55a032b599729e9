/**
 * What the experts of a sparse model do: their masks, which tokens choose them, what is lost
 * without them. docs/analysis.md has every number's formula and source.
 */
package org.mixtureofmasks.analyse;
