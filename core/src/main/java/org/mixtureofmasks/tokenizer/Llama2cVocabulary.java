package org.mixtureofmasks.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The tokenizer file of llama2.c (tokenizer.bin, tok512.bin): an i32, the length of the longest
 * token, then for each token an f32 score, an i32 length and so many bytes of UTF-8, little-endian,
 * to the end of the file. Spaces are spaces, and the first three tokens are unk, BOS and EOS.
 */
final class Llama2cVocabulary {
  private static final int SPECIAL = 3;
  private static final int BYTES = 256;
  private static final int TOKEN_LIMIT = 4096;

  /** run.c stops at BOS too: it delimits the training texts. */
  private static final Set<Integer> ENDS = Set.of(1, 2);

  private Llama2cVocabulary() {}

  /**
   * Reads a tokenizer file.
   *
   * @throws BadCheckpoint if it is cut off or is something else
   */
  static GgufVocabulary read(Path file, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < 4) {
      throw new BadCheckpoint(file, 0, "is too short to be a llama2.c tokenizer");
    }
    int longest = in.getInt();
    if (longest < 1 || longest > TOKEN_LIMIT) {
      throw new BadCheckpoint(
          file,
          0,
          "is not a llama2.c tokenizer: its longest token has %s bytes".formatted(longest));
    }
    List<String> tokens = new ArrayList<>();
    List<Float> scores = new ArrayList<>();
    while (in.hasRemaining()) {
      int start = in.position();
      if (in.remaining() < 8) {
        throw new BadCheckpoint(file, start, "ends within token %s".formatted(tokens.size()));
      }
      scores.add(in.getFloat());
      int length = in.getInt();
      if (length < 0 || length > Math.max(longest, 8) || length > in.remaining()) {
        throw new BadCheckpoint(
            file,
            start + 4,
            "token %s claims %s bytes; the file is cut off or is no tokenizer"
                .formatted(tokens.size(), length));
      }
      try {
        ByteBuffer text = in.slice(in.position(), length);
        tokens.add(StandardCharsets.UTF_8.newDecoder().decode(text).toString());
      } catch (CharacterCodingException e) {
        throw new BadCheckpoint(file, start + 8, "token %s is not UTF-8".formatted(tokens.size()));
      }
      in.position(in.position() + length);
    }
    // Vocabularies of characters have no tokens of bytes: what they do not know is <unk>.
    if (tokens.size() <= SPECIAL) {
      throw new BadCheckpoint(
          file,
          -1,
          "has %s tokens; a llama2.c tokenizer has unk, BOS, EOS and some more"
              .formatted(tokens.size()));
    }
    return vocabulary(file, tokens, scores);
  }

  /** llama2.c's export turned U+2581 into spaces and wrote BOS and EOS between newlines. */
  private static GgufVocabulary vocabulary(Path file, List<String> tokens, List<Float> scores) {
    int n = tokens.size();
    String[] names = new String[n];
    float[] values = new float[n];
    int[] types = new int[n];
    for (int id = 0; id < n; id++) {
      names[id] = tokens.get(id).replace(' ', '\u2581');
      values[id] = scores.get(id);
      types[id] =
          id < SPECIAL + BYTES && Vocabulary.byteOf(names[id]) >= 0
              ? GgufVocabulary.BYTE
              : GgufVocabulary.NORMAL;
    }
    names[0] = "<unk>";
    names[1] = "<s>";
    names[2] = "</s>";
    types[0] = GgufVocabulary.UNKNOWN;
    types[1] = GgufVocabulary.CONTROL;
    types[2] = GgufVocabulary.CONTROL;
    return new GgufVocabulary(
        file, "llama", null, names, values, types, null, true, true, false, 1, 2, 0, ENDS);
  }
}
