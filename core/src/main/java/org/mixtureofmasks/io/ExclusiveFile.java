package org.mixtureofmasks.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A lock between processes, held through a file until it is closed or the process ends. */
public final class ExclusiveFile implements AutoCloseable {
  private final FileChannel channel;

  private ExclusiveFile(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits until no other process holds it.
   *
   * @param file the lock file; made if it is not there
   * @return the lock, held
   * @throws IOException if the file cannot be made or opened
   */
  public static ExclusiveFile await(Path file) throws IOException {
    FileChannel channel = open(file);
    channel.lock();
    return new ExclusiveFile(channel);
  }

  /**
   * Takes the lock if it is free.
   *
   * @param file the lock file; made if it is not there
   * @return the lock, or null while another process or this one holds it
   * @throws IOException if the file cannot be made or opened
   */
  public static @Nullable ExclusiveFile attempt(Path file) throws IOException {
    FileChannel channel = open(file);
    try {
      if (channel.tryLock() != null) {
        return new ExclusiveFile(channel);
      }
    } catch (OverlappingFileLockException _) {
      // Held by this very process: the same answer.
    }
    channel.close();
    return null;
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
