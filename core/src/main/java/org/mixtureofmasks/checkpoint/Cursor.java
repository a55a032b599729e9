package org.mixtureofmasks.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.mixtureofmasks.io.BadCheckpoint;

/** Reads a mapped file front to back, little-endian; every read is checked against the end. */
final class Cursor {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** What stands in a string for bytes that are no UTF-8; files may also hold it as itself. */
  private static final char REPLACEMENT = '\uFFFD';

  private final Path file;
  private final MemorySegment all;
  private long position;

  Cursor(Path file, MemorySegment all, long position) {
    this.file = file;
    this.all = all;
    this.position = position;
  }

  long position() {
    return position;
  }

  long remaining() {
    return all.byteSize() - position;
  }

  BadCheckpoint bad(String reason) {
    return new BadCheckpoint(file, position, reason);
  }

  /** Steps over bytes and returns where they began. */
  long skip(long bytes, String what) {
    if (bytes < 0 || bytes > remaining()) {
      throw bad(
          "is truncated or damaged: %s would take %s bytes, %s are left"
              .formatted(what, Long.toUnsignedString(bytes), remaining()));
    }
    long at = position;
    position += bytes;
    return at;
  }

  byte i8(String what) {
    return all.get(ValueLayout.JAVA_BYTE, skip(1, what));
  }

  short i16(String what) {
    return all.get(SHORT, skip(2, what));
  }

  int i32(String what) {
    return all.get(INT, skip(4, what));
  }

  long i64(String what) {
    return all.get(LONG, skip(8, what));
  }

  /**
   * A count of things that each take at least some bytes: refused when they cannot all be in the
   * rest of the file, so that nothing is allocated or looped over for a count that lies.
   */
  long count(long eachAtLeast, String what) {
    long at = position;
    long n = i64(what);
    if (n < 0 || n > remaining() / eachAtLeast) {
      throw new BadCheckpoint(
          file,
          at,
          "claims %s %s, more than the rest can hold".formatted(Long.toUnsignedString(n), what));
    }
    return n;
  }

  /** Steps over a string (8 bytes of length, then UTF-8). */
  void skipString(String what) {
    skip(i64(what), what);
  }

  /** A string of at most that many bytes. */
  String string(long limit, String what) {
    long start = position;
    long length = i64(what);
    if (length < 0 || length > Math.min(limit, remaining())) {
      throw new BadCheckpoint(
          file,
          start,
          "%s claims %s bytes; allowed are %s, left are %s"
              .formatted(what, Long.toUnsignedString(length), limit, remaining()));
    }
    long at = skip(length, what);
    byte[] bytes = all.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
    String lenient = new String(bytes, StandardCharsets.UTF_8);
    if (lenient.indexOf(REPLACEMENT) < 0) {
      return lenient; // nothing was replaced
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(in).toString();
    } catch (CharacterCodingException e) {
      throw new BadCheckpoint(file, at + in.position(), "%s is not valid UTF-8".formatted(what));
    }
  }
}
