package org.mixtureofmasks.tokenizer;

import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The vocabulary in a GGUF file, as {@code tokenizer.ggml.*} gives it.
 *
 * @param file named in errors
 * @param model {@code llama} (SentencePiece's BPE, by scores) or {@code gpt2} (byte-level BPE)
 * @param pre how text is cut before byte-level BPE; null or empty: the default
 * @param tokens by id
 * @param scores by id, higher merges earlier; null for gpt2
 * @param types by id, see {@link #NORMAL} and the others; null when the file has none
 * @param merges "left right", best first; null for llama
 * @param addSpacePrefix null: the model's default, which is true for llama
 * @param addBos null: the model's default, which is true for llama and for Llama 3
 * @param addEos null: false
 * @param bos -1: none
 * @param eos -1: none
 * @param unknown -1: none
 * @param ends all ids that end a text
 */
record GgufVocabulary(
    Path file,
    String model,
    @Nullable String pre,
    String[] tokens,
    float @Nullable [] scores,
    int @Nullable [] types,
    String @Nullable [] merges,
    @Nullable Boolean addSpacePrefix,
    @Nullable Boolean addBos,
    @Nullable Boolean addEos,
    int bos,
    int eos,
    int unknown,
    Set<Integer> ends) {
  /** llama.h, enum llama_token_type. */
  static final int NORMAL = 1;

  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int BYTE = 6;

  /** The type of a token; without a list of types it is told by the token's looks. */
  int type(int id) {
    if (types != null) {
      return types[id];
    }
    if (id == unknown) {
      return UNKNOWN;
    }
    if (id == bos || id == eos) {
      return CONTROL;
    }
    return Vocabulary.byteOf(tokens[id]) >= 0 ? BYTE : NORMAL;
  }
}
