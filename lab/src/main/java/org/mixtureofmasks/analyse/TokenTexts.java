package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Optional;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Tokens as a reader sees them. */
final class TokenTexts {
  private static final int BEFORE = 14;
  private static final int AFTER = 8;
  private static final char NO_TEXT = '\uFFFD';

  private final Tokenizer tokenizer;

  TokenTexts(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Adds an object of a token: its id, and its text with a tokenizer. */
  static ObjectNode add(int id, Optional<TokenTexts> texts, ArrayNode to) {
    ObjectNode token = to.addObject().put("id", id);
    texts.ifPresent(x -> token.put("text", x.of(id)));
    return token;
  }

  /**
   * A piece of text around a token.
   *
   * @param text decoded
   * @param from index of the token's first char
   * @param to after its last one; the same as from where the token gives no text of its own
   */
  record Context(String text, int from, int to) {}

  /**
   * The text of a token; as the vocabulary spells it where it is none of its own, and its number
   * where the model has more ids than the vocabulary.
   */
  String of(int id) {
    if (!tokenizer.hasToken(id)) {
      return "#%d".formatted(id);
    }
    String text = tokenizer.decode(new int[] {id}, false);
    return text.isEmpty() || text.indexOf(NO_TEXT) >= 0 ? tokenizer.tokenOf(id) : text;
  }

  /** A few tokens before and after the one at a position. */
  Context around(int[] sequence, int position) {
    int from = Math.max(0, position - BEFORE);
    int to = Math.min(sequence.length, position + AFTER + 1);
    String text = decode(sequence, from, to);
    int start = common(text, decode(sequence, from, position));
    int end = common(text, decode(sequence, from, position + 1));
    return new Context(text, start, Math.max(start, end));
  }

  private String decode(int[] sequence, int from, int to) {
    return tokenizer.decode(Arrays.copyOfRange(sequence, from, to), false);
  }

  /** Chars that both begin with: the whole of the part unless it ends within a character. */
  private static int common(String text, String part) {
    int n = 0;
    while (n < Math.min(text.length(), part.length()) && text.charAt(n) == part.charAt(n)) {
      n++;
    }
    return n;
  }
}
