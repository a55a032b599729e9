package org.mixtureofmasks.io;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/** Texts that a user names. */
public final class TextFiles {
  private TextFiles() {}

  /**
   * Reads a whole file.
   *
   * @param file of UTF-8 text
   * @return the text
   * @throws UserError if it cannot be read or is not UTF-8
   */
  public static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new UserError("%s: no such file".formatted(file), e);
    } catch (CharacterCodingException e) {
      throw new UserError(
          "%s: not UTF-8 text: convert it, or name another file".formatted(file), e);
    } catch (IOException e) {
      throw new UserError("%s: cannot be read: %s".formatted(file, IoReasons.of(e)), e);
    }
  }
}
