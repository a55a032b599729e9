/**
 * Model files: safetensors, GGUF and llama2.c read as mapped memory with every length checked,
 * safetensors written whole or not at all. This room alone opens model files; it does not know what
 * a layer is.
 */
@NullMarked
package org.mixtureofmasks.checkpoint;

import org.jspecify.annotations.NullMarked;
