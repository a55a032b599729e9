/** Texts as packed rows of tokens, and samplers whose place is saved. */
@NullMarked
package org.mixtureofmasks.data;

import org.jspecify.annotations.NullMarked;
