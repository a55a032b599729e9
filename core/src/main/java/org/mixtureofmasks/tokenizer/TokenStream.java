package org.mixtureofmasks.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Decodes ids as they come, and gives text as soon as it can no longer change: a character whose
 * bytes are spread over several tokens appears with the last of them.
 *
 * <p>All pieces and the {@link #flush()} together are what {@link Tokenizer#decode} gives for all
 * ids at once. One exception: where {@code <0xNN>} tokens form no UTF-8, the whole decode replaces
 * every byte of the row by U+FFFD, and the stream keeps the good characters before the bad byte.
 *
 * <p>The library's decoders are functions of a whole list, so a few ids are kept and decoded anew
 * with each one that comes; what is new is the text beyond the known length.
 */
public final class TokenStream {
  private static final char REPLACEMENT = '\uFFFD';

  /** Ids; an unfinished character has at most 3 bytes, so it lies in the last 3 tokens. */
  private static final int WINDOW_LIMIT = 12;

  private static final int TAIL = 4;

  private final Tokenizer tokenizer;
  private final boolean skipSpecial;

  /** Ids that the next one is decoded after; of their text, {@code given} chars have been given. */
  private final int[] window = new int[WINDOW_LIMIT + 1];

  private int size;
  private int given;

  /** Bytes of {@code <0xNN>} tokens that do not make a character yet. */
  private final ByteBuffer bytes = ByteBuffer.allocate(8);

  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);

  TokenStream(Tokenizer tokenizer, boolean skipSpecial) {
    this.tokenizer = tokenizer;
    this.skipSpecial = skipSpecial;
  }

  /**
   * Takes the next token of the text.
   *
   * @param id the token
   * @return the text that has become certain, often empty; nothing for an id beyond the vocabulary
   */
  public String accept(int id) {
    if (!tokenizer.hasToken(id) || skipSpecial && tokenizer.isSpecial(id)) {
      return "";
    }
    int single = tokenizer.byteOf(id);
    return single >= 0 ? acceptByte(id, (byte) single) : acceptToken(id);
  }

  /**
   * Ends the text.
   *
   * @return what is left as it is, unfinished characters as U+FFFD
   */
  public String flush() {
    String rest = size == 0 ? "" : decode().substring(given);
    String dangling = endOfBytes();
    size = 0;
    given = 0;
    return rest + dangling;
  }

  private String acceptToken(int id) {
    String before = endOfBytes();
    window[size++] = id;
    String text = decode();
    // All but one last U+FFFD is certain: an unfinished character shows as exactly one.
    boolean open = text.length() > given && text.charAt(text.length() - 1) == REPLACEMENT;
    int certain = open ? text.length() - 1 : text.length();
    String news = text.substring(Math.min(given, certain), certain);
    if (!open) {
      restart(id);
    } else if (size == WINDOW_LIMIT) {
      System.arraycopy(window, size - TAIL, window, 0, TAIL);
      size = TAIL;
      given = decode().length() - 1;
    } else {
      given = certain;
    }
    return before + news;
  }

  private String acceptByte(int id, byte value) {
    String before = size == 0 ? "" : decode().substring(given);
    // The space that a text may not begin with (the Strip decoder) can also come as a byte.
    boolean dropped =
        size == 0 && value == ' ' && tokenizer.decode(new int[] {id}, false).isEmpty();
    bytes.put(value);
    String text = dropped ? "" : characters();
    if (dropped) {
      bytes.clear();
    }
    restart(id);
    return before + text;
  }

  /** The next id will be decoded after this one alone. */
  private void restart(int id) {
    window[0] = id;
    size = 1;
    given = decode().length();
  }

  private String decode() {
    return tokenizer.decode(Arrays.copyOf(window, size), skipSpecial);
  }

  /** Whole characters among the collected bytes; the rest stays. */
  private String characters() {
    CharBuffer out = CharBuffer.allocate(16);
    bytes.flip();
    utf8.decode(bytes, out, false);
    bytes.compact();
    return out.flip().toString();
  }

  /** No byte follows: each of the collected ones is a U+FFFD, as in the ByteFallback decoder. */
  private String endOfBytes() {
    String dangling = String.valueOf(REPLACEMENT).repeat(bytes.position());
    bytes.clear();
    utf8.reset();
    return dangling;
  }
}
