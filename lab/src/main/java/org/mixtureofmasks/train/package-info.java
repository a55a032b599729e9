/**
 * The one training loop: schedules, checkpoints, exact resume, metrics. Knows methods only by their
 * interface.
 */
@NullMarked
package org.mixtureofmasks.train;

import org.jspecify.annotations.NullMarked;
