package org.mixtureofmasks.io;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/** Texts that a user names; a byte order mark at the beginning of one is no part of it. */
public final class TextFiles {
  private static final char MARK = '\uFEFF';

  private TextFiles() {}

  /**
   * A text without its byte order mark.
   *
   * @param text of a file
   * @return the text from its first character on
   */
  public static String withoutMark(String text) {
    return !text.isEmpty() && text.charAt(0) == MARK ? text.substring(1) : text;
  }

  /**
   * Reads a file piece by piece.
   *
   * @param file of UTF-8 text
   * @return a reader that stands behind the byte order mark, if there is one
   * @throws IOException if it cannot be opened or does not begin with UTF-8
   */
  public static BufferedReader reader(Path file) throws IOException {
    BufferedReader reader = Files.newBufferedReader(file);
    try {
      reader.mark(1);
      if (reader.read() != MARK) {
        reader.reset();
      }
      return reader;
    } catch (IOException e) {
      reader.close();
      throw e;
    }
  }

  /**
   * Reads a whole file.
   *
   * @param file of UTF-8 text
   * @return the text
   * @throws UserError if it cannot be read or is not UTF-8
   */
  public static String read(Path file) {
    try {
      return withoutMark(Files.readString(file));
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
