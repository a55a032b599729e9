package org.mixtureofmasks.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.MappedFile;

/**
 * One .safetensors file: 8 bytes of header length, a JSON header, then the tensors' bytes without
 * holes up to the end of the file.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** The format's own bound on the header, bytes. */
  static final long HEADER_LIMIT = 100_000_000;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final long bytes;
  private final SafetensorsHeader header;
  private final @Nullable Arena own;

  private SafetensorsFile(Path file, long bytes, SafetensorsHeader header, @Nullable Arena own) {
    this.file = file;
    this.bytes = bytes;
    this.header = header;
    this.own = own;
  }

  /**
   * Opens a file on its own; closing it unmaps it.
   *
   * @param file a .safetensors file
   * @return the file, mapped
   * @throws BadCheckpoint if any rule of the format is broken
   */
  public static SafetensorsFile open(Path file) {
    Arena arena = Arena.ofShared();
    try {
      return open(file, arena, arena);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** Opens a file whose mapping lives as long as the arena; closing does nothing. */
  static SafetensorsFile open(Path file, Arena arena) {
    return open(file, arena, null);
  }

  private static SafetensorsFile open(Path file, Arena arena, @Nullable Arena own) {
    return read(file, MappedFile.map(file, arena), own);
  }

  /** Checks the bytes of a file. */
  static SafetensorsFile read(Path file, MemorySegment all, @Nullable Arena own) {
    long size = all.byteSize();
    if (size < 8) {
      throw new BadCheckpoint(
          file,
          0,
          "has %s bytes; a safetensors file begins with 8 of header length".formatted(size));
    }
    long length = all.get(LONG, 0);
    // Compared without adding, so that no length wraps; a negative one is a huge unsigned one.
    if (length < 0 || length > HEADER_LIMIT) {
      throw new BadCheckpoint(
          file,
          0,
          "claims a header of %s bytes; at most %s are allowed"
              .formatted(Long.toUnsignedString(length), HEADER_LIMIT));
    }
    if (length > size - 8) {
      throw new BadCheckpoint(
          file,
          0,
          ("claims a header of %s bytes but only %s follow: truncated, or not safetensors;"
                  + " fetch it again")
              .formatted(length, size - 8));
    }
    if (length == 0 || all.get(ValueLayout.JAVA_BYTE, 8) != '{') {
      throw new BadCheckpoint(file, 8, "the header must begin with '{'");
    }
    SafetensorsHeader header = SafetensorsHeader.parse(file, all, 8 + length);
    return new SafetensorsFile(file, size, header, own);
  }

  /** {@return the file that was opened} */
  public Path file() {
    return file;
  }

  /** {@return size of the file in bytes} */
  public long bytes() {
    return bytes;
  }

  /** {@return the strings under __metadata__; empty when it has none} */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /** {@return the tensors in the order of their bytes} */
  public Map<String, StoredTensor> tensors() {
    return header.tensors();
  }

  /**
   * Looks a tensor up.
   *
   * @param name as the file spells it
   * @return the tensor
   * @throws BadCheckpoint if there is none
   */
  public StoredTensor tensor(String name) {
    StoredTensor tensor = header.tensors().get(name);
    if (tensor == null) {
      throw new BadCheckpoint(
          file,
          -1,
          "has no tensor '%s'%s".formatted(name, Nearest.hint(name, header.tensors().keySet())));
    }
    return tensor;
  }

  /** Unmaps the file; its tensors may not be used after it. */
  @Override
  public void close() {
    if (own != null && own.scope().isAlive()) {
      own.close();
    }
  }
}
