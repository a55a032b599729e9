/** Tokens a second beside the memory bandwidth that the same run measures. */
@NullMarked
package org.mixtureofmasks.bench;

import org.jspecify.annotations.NullMarked;
