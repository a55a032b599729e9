package org.mixtureofmasks.tokenizer;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names of all tokens, added ones included, as the checked file gives them.
 *
 * @param ids the id of each token
 * @param tokens the token of each id, indexed by id; null where the file leaves a hole
 * @param special ids that decoding can leave out
 * @param byteFallback whether {@code <0xNN>} tokens are decoded to bytes
 */
record Vocabulary(
    Map<String, Integer> ids,
    @Nullable String[] tokens,
    Set<Integer> special,
    boolean byteFallback) {

  /** The byte that a {@code <0xNN>} token stands for; -1 for every other token. */
  static int byteOf(@Nullable String token) {
    if (token == null || token.length() != 6 || !token.startsWith("<0x") || !token.endsWith(">")) {
      return -1;
    }
    int high = digit(token.charAt(3));
    int low = digit(token.charAt(4));
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  /** ASCII only: Character.digit also takes the digits of other scripts. */
  private static int digit(char c) {
    return c < 128 ? Character.digit(c, 16) : -1;
  }
}
