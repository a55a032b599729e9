package org.mixtureofmasks.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.regex.Pattern;
import org.mixtureofmasks.UserError;

/** Says in words what the JDK's file exceptions say by their class. */
public final class IoReasons {
  /** Any line break with the spaces around it. */
  private static final Pattern BREAK = Pattern.compile("\\s*\\R\\s*");

  private IoReasons() {}

  /**
   * The cause in one line, without the file's name when the exception says no more than that.
   *
   * @param e what was thrown
   * @return its reason, in one line
   */
  public static String of(IOException e) {
    String said =
        switch (e) {
          case NoSuchFileException _ -> "no such file or folder";
          case AccessDeniedException _ -> "permission denied";
          case FileAlreadyExistsException f -> f.getFile() + " is in the way";
          case DirectoryNotEmptyException _ -> "the folder is not empty";
          case NotDirectoryException _ -> "not a folder";
          case FileSystemException f when f.getReason() != null -> f.getReason();
          default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    return oneLine(said);
  }

  /**
   * Text of any origin on one line.
   *
   * @param text of any number of lines
   * @return the same words, in one line
   */
  public static String oneLine(String text) {
    return text.chars().allMatch(IoReasons::isPlain)
        ? text.strip()
        : BREAK.matcher(text).replaceAll(" ").strip();
  }

  /** Printable ASCII, which breaks no line: nearly all names, and a file has hundreds. */
  private static boolean isPlain(int c) {
    return c >= ' ' && c < 0x7f;
  }

  /** The error of a save that failed and left the old state in place. */
  static UserError notWritten(Object target, IOException e) {
    return new UserError(
        ("cannot write %s: %s; nothing was replaced (choose a folder that can be written"
                + " and has room, then run again)")
            .formatted(target, of(e)),
        e);
  }
}
