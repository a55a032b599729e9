/**
 * The small model, training rows and text that come with the program: what {@code mom demo} uses.
 */
@NullMarked
package org.mixtureofmasks.demo;

import org.jspecify.annotations.NullMarked;
