package org.mixtureofmasks.tokenizer;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.Placeholder;

/** Finds the file that holds a model's vocabulary and turns it into a checked tokenizer.json. */
final class TokenizerFiles {
  /** Bytes; the largest tokenizer.json in use has about 35 MB. */
  private static final long SIZE_LIMIT = 256L << 20;

  private static final String JSON_NAME = "tokenizer.json";

  /** A checked tokenizer and what is known of its special tokens. */
  record Found(Path file, TokenizerJson json, SpecialTokens special) {}

  private TokenizerFiles() {}

  static Found find(Path path) {
    if (!Files.exists(path)) {
      throw new UserError("%s: no such file or folder".formatted(path));
    }
    if (Files.isDirectory(path)) {
      return folder(path);
    }
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".gguf")) {
      return converted(GgufReader.read(path));
    }
    if (name.endsWith(".json")) {
      // Under its own name it has a model's other files beside it; elsewhere it stands alone.
      boolean named = path.getFileName().toString().equals(JSON_NAME);
      Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent()); // it is a file
      return json(path, named ? SpecialTokens.in(folder) : SpecialTokens.NONE);
    }
    if (name.endsWith(".bin")) {
      return llama2c(path);
    }
    throw new UserError(
        ("%s: not a tokenizer; give a Hugging Face folder, a tokenizer.json, a .gguf or"
                + " a"
                + " llama2.c .bin")
            .formatted(path));
  }

  private static Found folder(Path folder) {
    Path file = folder.resolve(JSON_NAME);
    if (!Files.exists(file)) {
      boolean sentencePiece = Files.exists(folder.resolve("tokenizer.model"));
      throw new UserError(
          ("%s: has no tokenizer.json%s; copy it from the model's page, or pass --tokenizer"
                  + " FILE")
              .formatted(folder, sentencePiece ? " (tokenizer.model is not read)" : ""));
    }
    return json(file, SpecialTokens.in(folder));
  }

  private static Found json(Path file, SpecialTokens special) {
    TokenizerJson json = TokenizerJson.check(file, read(file), special.names());
    for (String token : special.plain()) {
      if (!json.vocabulary().ids().containsKey(token)) {
        throw new BadCheckpoint(
            file,
            -1,
            "lacks the token '%s', which %s beside it adds: save the tokenizer anew with both"
                .formatted(JsonBytes.shown(token), SpecialTokens.CONFIG));
      }
    }
    return new Found(file, json, special);
  }

  private static Found converted(GgufVocabulary vocabulary) {
    Path file = vocabulary.file();
    TokenizerJson checked = GgufConverter.convert(vocabulary);
    String eos = vocabulary.eos() < 0 ? null : vocabulary.tokens()[vocabulary.eos()];
    return new Found(
        file,
        checked,
        new SpecialTokens(null, vocabulary.bos(), eos, vocabulary.ends(), Set.of(), Set.of()));
  }

  /** A tokenizer file of llama2.c, or a model file with its tokenizer beside it. */
  private static Found llama2c(Path path) {
    BadCheckpoint notTokenizer;
    try {
      return converted(Llama2cVocabulary.read(path, read(path)));
    } catch (BadCheckpoint e) {
      notTokenizer = e;
    }
    int size = vocabularySize(path);
    if (size < 1) {
      throw notTokenizer;
    }
    for (String name : List.of("tok" + size + ".bin", "tokenizer.bin")) {
      Path beside = path.resolveSibling(name);
      if (Files.exists(beside)) {
        GgufVocabulary vocabulary = Llama2cVocabulary.read(beside, read(beside));
        if (vocabulary.tokens().length == size) {
          return converted(vocabulary);
        }
      }
    }
    throw new UserError(
        ("%s: a llama2.c model of %s tokens without its tokenizer: there is no tok%s.bin"
                + " or tokenizer.bin of that size beside it; pass --tokenizer FILE")
            .formatted(path, size, size));
  }

  /**
   * The vocabulary size in the header of a llama2.c model; -1 if there is no such header. There is
   * no magic in the files of version 0: the fields must fit together and to the file's size.
   */
  private static int vocabularySize(Path path) {
    byte[] head = read(path, 36);
    if (head.length < 28) {
      return -1;
    }
    ByteBuffer in = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    if (in.getInt(0) == 0x616b3432) { // "ak42", then a version
      int size = head.length < 36 ? -1 : in.getInt(28);
      return size <= ModelReader.ID_LIMIT ? size : -1;
    }
    int dim = in.getInt(0);
    int heads = in.getInt(12);
    // A negative size marks an output matrix of its own.
    int size = Math.abs(in.getInt(20));
    boolean model =
        dim > 0
            && heads > 0
            && dim % heads == 0
            && size > 0
            && size <= ModelReader.ID_LIMIT
            && (long) size * dim * Float.BYTES < length(path);
    return model ? size : -1;
  }

  private static long length(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** A whole file, if it is not larger than any tokenizer. */
  static byte[] read(Path file) {
    try {
      long size = Files.size(file);
      if (size > SIZE_LIMIT) {
        throw new BadCheckpoint(
            file, -1, "has %s bytes; a tokenizer has at most %s".formatted(size, SIZE_LIMIT));
      }
      byte[] bytes = Files.readAllBytes(file);
      Placeholder.refuse(file, MemorySegment.ofArray(bytes));
      return bytes;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static byte[] read(Path file, int bytes) {
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(bytes);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static UserError unreadable(Path file, IOException e) {
    return new UserError("%s: cannot be read: %s".formatted(file, e.getMessage()), e);
  }
}
