package org.mixtureofmasks.tokenizer;

import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/** Takes the vocabulary out of a GGUF file. */
final class GgufReader {
  private GgufReader() {}

  static GgufVocabulary read(Path file) {
    throw new UserError(file + ": GGUF vocabularies are not read yet; pass --tokenizer FILE");
  }
}
