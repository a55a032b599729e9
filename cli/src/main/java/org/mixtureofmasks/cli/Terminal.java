package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.Json;

/**
 * The way out of the program: results go to stdout, everything else (progress, notes) to stderr. No
 * other class of any room prints.
 */
public final class Terminal {
  /** Why stdout failed, where {@link #watchStdout} was called. */
  private static final class Watched extends FilterOutputStream {
    private volatile @Nullable IOException failure;

    Watched() {
      super(new FileOutputStream(FileDescriptor.out));
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      try {
        out.write(bytes, offset, count);
      } catch (IOException e) {
        failure = e;
        throw e;
      }
    }
  }

  private static volatile @Nullable Watched stdout;

  private Terminal() {}

  /** From now on a failure of stdout has its reason. Called once, before anything is written. */
  static void watchStdout() {
    Watched watched = new Watched();
    stdout = watched;
    System.setOut(new PrintStream(watched, false, System.out.charset()));
  }

  /**
   * What the program ends with: what a library has printed may have failed unseen.
   *
   * @param exitCode of the verb
   * @return the same; 1 in place of 0 if stdout could not be written
   */
  static int atEnd(int exitCode) {
    if (exitCode == 0 && System.out.checkError()) {
      note("mom: %s".formatted(lost().getMessage()));
      return UserError.FAILED;
    }
    return exitCode;
  }

  private static UserError lost() {
    Watched watched = stdout;
    IOException failure = watched == null ? null : watched.failure;
    return new UserError(
        "stdout cannot be written: %s"
            .formatted(
                failure == null
                    ? "the disk may be full, or whoever read it has gone"
                    : IoReasons.of(failure)),
        failure);
  }

  /**
   * Text to stdout as it is, at once.
   *
   * @throws UserError if it cannot be written: the disk is full, or nobody reads it any more
   */
  public static void text(String text) {
    ProgressLine shown = ProgressLine.shown();
    if (shown != null) {
      shown.hide();
    }
    Charset charset = System.out.charset();
    // Under the C locale Java would print question marks; what reads us there expects UTF-8.
    byte[] bytes =
        text.getBytes(charset.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : charset);
    System.out.write(bytes, 0, bytes.length);
    if (System.out.checkError()) { // flushes
      throw lost();
    }
  }

  /** A line to stdout. */
  public static void line(String line) {
    text(line + System.lineSeparator());
  }

  /** One JSON object to stdout: the only thing that a verb prints there when asked for --json. */
  public static void json(JsonNode object) {
    line(Json.ascii(object));
  }

  /** A line to stderr, above the line of progress where there is one. */
  public static void note(String line) {
    ProgressLine shown = ProgressLine.shown();
    if (shown == null) {
      System.err.println(line);
    } else {
      shown.note(line);
    }
  }

  /** Whether somebody watches stderr: then progress is one line that is written anew. */
  @SuppressWarnings("SystemConsoleNull") // it is null again since JDK 25 where there is none
  public static boolean watched() {
    Path stderr = Path.of("/proc/self/fd/2");
    if (Files.exists(stderr)) {
      try {
        String target = Files.readSymbolicLink(stderr).toString();
        return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
      } catch (IOException e) {
        return false; // not to be found out: as good as unwatched
      }
    }
    return System.console() != null && System.console().isTerminal();
  }
}
