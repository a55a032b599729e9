/**
 * Recipes: every key is declared once, with its kind, range, default and sentence, and read
 * strictly.
 */
@NullMarked
package org.mixtureofmasks.recipe;

import org.jspecify.annotations.NullMarked;
