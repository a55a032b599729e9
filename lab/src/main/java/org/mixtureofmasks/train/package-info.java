/**
 * The one training loop: schedules, checkpoints, exact resume, metrics. Knows methods only by their
 * interface.
 */
package org.mixtureofmasks.train;
