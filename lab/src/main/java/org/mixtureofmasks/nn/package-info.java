/**
 * The model in libtorch, with a pluggable feed-forward part; number formats; tensors to and from
 * Java.
 */
@NullMarked
package org.mixtureofmasks.nn;

import org.jspecify.annotations.NullMarked;
