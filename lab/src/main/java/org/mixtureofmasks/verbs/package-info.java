/** The lab's verbs of {@code mom}: options in, a run of the lab's rooms, lines and JSON out. */
@NullMarked
package org.mixtureofmasks.verbs;

import org.jspecify.annotations.NullMarked;
