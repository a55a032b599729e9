/**
 * Text and documents to rows of token ids, kept by the hash of what they are made of, and the order
 * in which training reads rows.
 */
@NullMarked
package org.mixtureofmasks.data;

import org.jspecify.annotations.NullMarked;
