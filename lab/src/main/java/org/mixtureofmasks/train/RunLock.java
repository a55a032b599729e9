package org.mixtureofmasks.train;

import java.io.IOException;
import java.nio.file.Path;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.ExclusiveFile;
import org.mixtureofmasks.io.IoReasons;

/** Keeps a second process from training in the same run folder; gone with the process. */
final class RunLock implements AutoCloseable {
  private final ExclusiveFile file;

  private RunLock(ExclusiveFile file) {
    this.file = file;
  }

  /**
   * @throws UserError if another process is at work in the folder
   */
  static RunLock of(Path folder) {
    Path path = folder.resolve("run.lock");
    try {
      ExclusiveFile file = ExclusiveFile.attempt(path);
      if (file == null) {
        throw new UserError(
            "another process is training in %s: wait for it, or stop it first".formatted(folder));
      }
      return new RunLock(file);
    } catch (IOException e) {
      throw new UserError("cannot lock %s: %s".formatted(path, IoReasons.of(e)), e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UserError("cannot release the run's lock: %s".formatted(e.getMessage()), e);
    }
  }
}
