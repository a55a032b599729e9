package org.mixtureofmasks.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The one door through which model files come into memory. */
public final class MappedFile {
  private MappedFile() {}

  /**
   * Maps a whole file read-only; the mapping ends with the arena.
   *
   * @param file a regular file
   * @param arena owns the mapping
   * @return its bytes
   * @throws BadCheckpoint if it is absent, no regular file, cannot be read, or is a {@link
   *     Placeholder} of itself
   */
  public static MemorySegment map(Path file, Arena arena) {
    if (!Files.isRegularFile(file)) {
      throw new BadCheckpoint(
          file, -1, Files.exists(file) ? "is not a regular file" : "does not exist");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      Placeholder.refuse(file, all);
      return all;
    } catch (IOException e) {
      throw new BadCheckpoint(file, -1, "cannot be read: %s".formatted(IoReasons.of(e)));
    }
  }
}
