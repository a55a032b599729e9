package org.mixtureofmasks.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/** Texts that a user names on the command line. */
public final class TextFiles {
  private TextFiles() {}

  /** The whole file, which must be UTF-8. */
  public static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new UserError(file + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new UserError(file + ": not UTF-8 text: convert it, or name another file", e);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
