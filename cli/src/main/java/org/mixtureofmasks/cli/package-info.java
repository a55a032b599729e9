/**
 * The command {@code mom}: the frame of every verb, errors as one line, progress, and the verbs
 * that run and judge models.
 */
@NullMarked
package org.mixtureofmasks.cli;

import org.jspecify.annotations.NullMarked;
