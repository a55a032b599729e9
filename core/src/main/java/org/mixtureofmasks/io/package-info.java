/**
 * Files whatever they hold: whole or not at all, mapped with every length checked, hashed, locked;
 * JSON that is read strictly.
 */
@NullMarked
package org.mixtureofmasks.io;

import org.jspecify.annotations.NullMarked;
