/**
 * How well a model predicts a text, packed rows of token ids, or WikiText by the harness's rules.
 */
package org.mixtureofmasks.perplexity;
