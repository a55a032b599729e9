/**
 * Matrix products, sparse feed-forward parts and attention in the Vector API, each with a scalar
 * twin, and the threads that share them: arrays and segments in, arrays out. Which kernels run and
 * why is {@link org.mixtureofmasks.kernel.KernelChoice}.
 */
@NullMarked
package org.mixtureofmasks.kernel;

import org.jspecify.annotations.NullMarked;
