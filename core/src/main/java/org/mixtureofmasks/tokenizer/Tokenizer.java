package org.mixtureofmasks.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Text to token ids and back, as the model was trained with. Any number of threads may share one;
 * {@link TokenStream}s belong to one reader each.
 *
 * <p>Nothing is truncated, padded or cleaned up: every id of a text is given, and decoding changes
 * no spaces beyond what the tokenizer's own decoder does.
 */
public final class Tokenizer implements AutoCloseable {
  private final Path file;
  private final String json;
  private final Vocabulary vocabulary;
  private final NativeTokenizer tokenizer;
  private final OptionalInt bos;
  private final Set<Integer> eos;
  private final OptionalInt separator;

  private Tokenizer(TokenizerFiles.Found found) {
    this.file = found.file();
    this.json = found.json().text();
    this.vocabulary = found.json().vocabulary();
    SpecialTokens special = found.special();
    this.bos = bos(special, found.json().firstSpecial());
    this.eos = eos(special);
    Integer own = special.eos() == null ? null : vocabulary.ids().get(special.eos());
    this.separator = own == null ? eos.stream().mapToInt(id -> id).min() : OptionalInt.of(own);
    this.tokenizer = load(file, found.json());
  }

  /** What the library refuses, the file is to blame for. */
  static NativeTokenizer load(Path file, TokenizerJson json) {
    try {
      return NativeTokenizer.of(json.text());
    } catch (IllegalArgumentException e) {
      throw new BadCheckpoint(
          file, -1, "the tokenizers library refuses it: %s".formatted(e.getMessage()));
    }
  }

  /**
   * Opens a model's tokenizer.
   *
   * @param modelOrTokenizerFile a Hugging Face folder, a tokenizer.json, a .gguf with its own
   *     vocabulary, a llama2.c tokenizer .bin, or a llama2.c model .bin with tok{N}.bin or
   *     tokenizer.bin beside it
   * @return the tokenizer; closing it frees native memory
   * @throws BadCheckpoint if the file is malformed
   * @throws UserError if there is no tokenizer there
   */
  public static Tokenizer open(Path modelOrTokenizerFile) {
    return new Tokenizer(TokenizerFiles.find(modelOrTokenizerFile));
  }

  /**
   * Loads the library that all tokenizers need, if it is not yet.
   *
   * @return null, or why it cannot be had, with the remedy
   */
  public static @Nullable String obstacle() {
    return NativeTokenizer.obstacle();
  }

  /**
   * Copies that library out of its jar, to which the system property {@code mom.tokenizers} then
   * names the folder: a program that starts often unpacks it once.
   *
   * @param folder exists
   * @throws IOException if there is none for this platform, or it cannot be written
   */
  public static void unpackLibrary(Path folder) throws IOException {
    NativeTokenizer.unpack(folder);
  }

  /**
   * Encodes a text, with the special tokens that the model's own files put around it.
   *
   * @param text any text
   * @return the ids
   */
  public int[] encode(String text) {
    return encode(text, true);
  }

  /**
   * The ids of a text. Special tokens that are written out in the text become their ids either way,
   * as in transformers; half a surrogate pair is read as U+FFFD.
   *
   * @param text any text
   * @param addSpecialTokens whether the model's post-processor adds its BOS and the like
   * @return the ids
   */
  public int[] encode(String text, boolean addSpecialTokens) {
    return tokenizer.encode(text, addSpecialTokens);
  }

  /**
   * The text of some ids; bytes that are no UTF-8 become U+FFFD. Ids beyond the vocabulary have no
   * text: embeddings often have more rows than their tokenizer has tokens.
   *
   * @param ids tokens from the start of a text
   * @param skipSpecial whether special tokens are left out
   * @return the text
   */
  public String decode(int[] ids, boolean skipSpecial) {
    return tokenizer.decode(Arrays.stream(ids).filter(this::hasToken).toArray(), skipSpecial);
  }

  /**
   * Decodes one id after the other, from the start of a text.
   *
   * @param skipSpecial whether special tokens are left out
   * @return a decoder of one text
   */
  public TokenStream stream(boolean skipSpecial) {
    return new TokenStream(this, skipSpecial);
  }

  /**
   * Decodes one id after the other as the continuation of a prompt, whose own text is not given
   * again. (SentencePiece drops the space before the first word of a text, and only there.)
   *
   * @param prompt the tokens before the first
   * @param skipSpecial whether special tokens are left out
   * @return a decoder of one text
   */
  public TokenStream stream(int[] prompt, boolean skipSpecial) {
    TokenStream stream = new TokenStream(this, skipSpecial);
    // A dozen ids hold the last character, and a word to set the next one apart from.
    for (int i = Math.max(0, prompt.length - 12); i < prompt.length; i++) {
      stream.accept(prompt[i]);
    }
    return stream;
  }

  /** {@return one more than the largest id, added tokens included} */
  public int vocabularySize() {
    return vocabulary.tokens().length;
  }

  /** {@return the token that begins a text, whether or not encoding adds it} */
  public OptionalInt bos() {
    return bos;
  }

  /**
   * {@return the tokens that end a text: those of generation_config.json and the tokenizer's own}
   */
  public Set<Integer> eos() {
    return eos;
  }

  /**
   * {@return the one of {@link #eos} that stands between texts: the tokenizer's own, else the
   * first}
   */
  public OptionalInt separator() {
    return separator;
  }

  /**
   * Whether decoding can leave a token out.
   *
   * @param id the token
   * @return true for BOS, EOS and the like
   */
  public boolean isSpecial(int id) {
    return vocabulary.special().contains(id);
  }

  /**
   * Whether the vocabulary has a token of that id; a model may have more ids.
   *
   * @param id any
   * @return whether there is such a token
   */
  public boolean hasToken(int id) {
    return id >= 0 && id < vocabulary.tokens().length && vocabulary.tokens()[id] != null;
  }

  /**
   * Looks an id up.
   *
   * @param id the token
   * @return the token as the vocabulary spells it
   * @throws UserError if the id is not in the vocabulary
   */
  public String tokenOf(int id) {
    String token = hasToken(id) ? vocabulary.tokens()[id] : null;
    if (token == null) {
      throw new UserError(
          ("token id %s is not in the vocabulary of %s (0..%s); the ids belong to another"
                  + " tokenizer")
              .formatted(id, file, vocabulary.tokens().length - 1));
    }
    return token;
  }

  /** {@return the file that the vocabulary was read from} */
  public Path file() {
    return file;
  }

  /**
   * {@return the vocabulary as a tokenizer.json, whatever file it came from; to be kept with a
   * model}
   */
  public String toJson() {
    return json;
  }

  /** Frees the native memory; the tokenizer and its streams may not be used after it. */
  @Override
  public void close() {
    tokenizer.close();
  }

  /** The byte that a byte-fallback token stands for; -1 for all others. */
  int byteOf(int id) {
    String token = vocabulary.tokens()[id];
    return vocabulary.byteFallback() ? Vocabulary.byteOf(token) : -1;
  }

  private OptionalInt bos(SpecialTokens special, @Nullable String firstAdded) {
    for (String token : new @Nullable String[] {special.bos(), firstAdded}) {
      if (token != null && vocabulary.ids().containsKey(token)) {
        return OptionalInt.of(vocabulary.ids().get(token));
      }
    }
    boolean stated = special.bosId() >= 0 && special.bosId() < vocabulary.tokens().length;
    return stated ? OptionalInt.of(special.bosId()) : OptionalInt.empty();
  }

  private Set<Integer> eos(SpecialTokens special) {
    Set<Integer> ids = new TreeSet<>(special.eosIds());
    if (special.eos() != null && vocabulary.ids().containsKey(special.eos())) {
      ids.add(vocabulary.ids().get(special.eos()));
    }
    return Set.copyOf(ids);
  }
}
