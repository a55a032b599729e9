package org.mixtureofmasks.train;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.mixtureofmasks.UserError;

/** Keeps a second process from training in the same run folder; gone with the process. */
final class RunLock implements AutoCloseable {
  private final FileChannel channel;

  private RunLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * @throws UserError if another process is at work in the folder
   */
  static RunLock of(Path folder) {
    Path file = folder.resolve("run.lock");
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!locked(channel)) {
        channel.close();
        throw new UserError(
            "another process is training in " + folder + ": wait for it, or stop it first");
      }
      return new RunLock(channel);
    } catch (IOException e) {
      throw new UserError("cannot lock " + file + ": " + e.getMessage(), e);
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // held by this very process
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UserError("cannot release the run's lock: " + e.getMessage(), e);
    }
  }
}
