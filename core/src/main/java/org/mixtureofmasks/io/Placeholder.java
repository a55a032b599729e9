package org.mixtureofmasks.io;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What downloads leave in place of a file: the pointer that git has for a file of git-lfs, or the
 * page that a web server shows instead of it.
 */
public final class Placeholder {
  /** How every pointer begins (git-lfs, docs/spec.md). */
  private static final String POINTER = "version https://git-lfs.github.com/spec/v";

  /** Enough for either beginning, behind some blank lines. */
  private static final int HEAD = 256;

  private Placeholder() {}

  /**
   * Refuses files that are not themselves.
   *
   * @param file that can be read
   * @throws IOException if it cannot be read
   * @throws BadCheckpoint if it is a pointer of git-lfs or a page of HTML
   */
  public static void refuse(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      refuse(file, MemorySegment.ofArray(in.readNBytes(HEAD)));
    }
  }

  /**
   * Refuses files that are not themselves.
   *
   * @param file named in the error
   * @param head its first bytes, or all of them
   * @throws BadCheckpoint if it is a pointer of git-lfs or a page of HTML
   */
  public static void refuse(Path file, MemorySegment head) {
    int length = (int) Math.min(HEAD, head.byteSize());
    byte[] bytes = head.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(bytes, StandardCharsets.UTF_8).stripLeading();
    if (text.startsWith(POINTER)) {
      throw new BadCheckpoint(
          file,
          0,
          "is a git-lfs pointer, not the file itself: fetch the file ('git lfs pull' in a clone)");
    }
    String start = (text.startsWith("\uFEFF") ? text.substring(1) : text).toLowerCase(Locale.ROOT);
    if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
      throw new BadCheckpoint(
          file,
          0,
          "is an HTML page, as servers send in place of a file: fetch the file itself (a link with"
              + " 'resolve' in place of 'blob', or a login, may be what is missing)");
    }
  }
}
