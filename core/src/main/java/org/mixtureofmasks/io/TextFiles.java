package org.mixtureofmasks.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
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

  /**
   * Reads a text to its end.
   *
   * @param in UTF-8; a byte order mark is no part of the text
   * @param name what it is called in errors, such as "standard input"
   * @return the text
   * @throws UserError if it cannot be read or is not UTF-8
   */
  public static String read(InputStream in, String name) {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(in.readAllBytes())).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new UserError("%s: not UTF-8 text: convert it".formatted(name), e);
    } catch (IOException e) {
      throw new UserError("%s: cannot be read: %s".formatted(name, IoReasons.of(e)), e);
    }
  }
}
