/**
 * The command {@code mom}: the frame of every verb, errors as one line, progress, and the verbs
 * that run and evaluate models.
 */
@NullMarked
package org.mixtureofmasks.cli;

import org.jspecify.annotations.NullMarked;
