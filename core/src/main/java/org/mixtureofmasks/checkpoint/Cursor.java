package org.mixtureofmasks.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.BadCheckpoint;

/** Reads a mapped file front to back, little-endian; every read is checked against the end. */
final class Cursor {
  /** Bytes that are copied at a time. */
  private static final int BLOCK = 1 << 16;

  /** What stands in a string for bytes that are no UTF-8; files may also hold it as itself. */
  private static final char REPLACEMENT = '\uFFFD';

  private final Path file;
  private final MemorySegment all;
  private long position;

  /**
   * A copy of the file from {@link #blockStart} on: a vocabulary is a hundred thousand short reads,
   * which take several times as long from a mapped segment before the compiler has seen them.
   */
  private byte[] block = {};

  private long blockStart;

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
    return block[at(skip(1, what), 1)];
  }

  short i16(String what) {
    int at = at(skip(2, what), 2);
    return (short) (block[at] & 255 | block[at + 1] << 8);
  }

  int i32(String what) {
    return i32(at(skip(4, what), 4));
  }

  long i64(String what) {
    int at = at(skip(8, what), 8);
    return i32(at) & 0xffff_ffffL | (long) i32(at + 4) << 32;
  }

  private int i32(int at) {
    return block[at] & 255
        | (block[at + 1] & 255) << 8
        | (block[at + 2] & 255) << 16
        | block[at + 3] << 24;
  }

  /** Where in the block some bytes of the file lie, which must be within it. */
  private int at(long offset, int bytes) {
    long at = offset - blockStart;
    if (at < 0 || at + bytes > block.length) {
      long length = Math.min(Math.max(BLOCK, bytes), all.byteSize() - offset);
      block = all.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
      blockStart = offset;
      return 0;
    }
    return (int) at;
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

  /**
   * Steps over a string, which is given only if it has at most that many bytes and begins with one
   * of some; else null.
   */
  @Nullable String string(int longest, BitSet beginnings, String what) {
    long start = position;
    long length = i64(what);
    long offset = skip(length, what);
    if (length == 0 || length > longest || !beginnings.get(block[at(offset, 1)] & 255)) {
      return null;
    }
    position = start;
    return string(longest, what);
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
    long offset = skip(length, what);
    int at = at(offset, (int) length);
    String lenient = new String(block, at, (int) length, StandardCharsets.UTF_8);
    if (lenient.indexOf(REPLACEMENT) < 0) {
      return lenient; // nothing was replaced
    }
    ByteBuffer in = ByteBuffer.wrap(block, at, (int) length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(in).toString();
    } catch (CharacterCodingException e) {
      throw new BadCheckpoint(
          file, offset + in.position() - at, "%s is not valid UTF-8".formatted(what));
    }
  }
}
