/**
 * Recipes: every key is declared once, with its kind, range, default and sentence, and read
 * strictly.
 */
package org.mixtureofmasks.recipe;
