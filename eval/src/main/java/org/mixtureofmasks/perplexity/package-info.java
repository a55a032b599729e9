/**
 * How well a model predicts a text, packed rows of token ids, or WikiText by the harness's rules.
 */
@NullMarked
package org.mixtureofmasks.perplexity;

import org.jspecify.annotations.NullMarked;
