/**
 * Text to token ids and back: tokenizer.json, llama2.c and GGUF vocabularies, all of them as one
 * checked tokenizer.json in front of the Hugging Face tokenizers library.
 */
@NullMarked
package org.mixtureofmasks.tokenizer;

import org.jspecify.annotations.NullMarked;
