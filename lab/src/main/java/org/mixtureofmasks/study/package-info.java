/**
 * A matrix of runs in JVMs of their own, each measured by what ships, and one comparison of them.
 */
@NullMarked
package org.mixtureofmasks.study;

import org.jspecify.annotations.NullMarked;
