/** How well a model foretells a text: token perplexity of texts, of packed rows, of WikiText. */
@NullMarked
package org.mixtureofmasks.perplexity;

import org.jspecify.annotations.NullMarked;
