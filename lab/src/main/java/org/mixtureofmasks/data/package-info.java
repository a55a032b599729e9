/**
 * Text and documents to rows of token ids, kept by the hash of what they are made of, and the order
 * in which training reads rows.
 */
package org.mixtureofmasks.data;
