/**
 * Runs models: immutable configuration and weights, the state of a text, the forward pass; dense,
 * masked and expert feed-forward parts.
 */
@NullMarked
package org.mixtureofmasks.model;

import org.jspecify.annotations.NullMarked;
