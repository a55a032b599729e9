/**
 * The model in libtorch, with a pluggable feed-forward part; number formats; tensors to and from
 * Java.
 */
package org.mixtureofmasks.nn;
