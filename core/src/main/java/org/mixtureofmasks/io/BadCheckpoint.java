package org.mixtureofmasks.io;

import java.nio.file.Path;
import org.mixtureofmasks.UserError;

/** A model file that cannot be what it says it is: the file, the byte where that shows, and why. */
public final class BadCheckpoint extends UserError {
  private static final long serialVersionUID = 1L;

  private final transient Path file;
  private final long offset;
  private final String reason;

  /**
   * A fault of a file.
   *
   * @param file the file at fault
   * @param offset the byte offset at which the fault shows; -1 when the file as a whole is at fault
   * @param reason what is wrong and how to mend it, in one line
   */
  public BadCheckpoint(Path file, long offset, String reason) {
    super(file + (offset < 0 ? "" : " (byte " + offset + ")") + ": " + reason);
    this.file = file;
    this.offset = offset;
    this.reason = reason;
  }

  /** {@return the file at fault} */
  public Path file() {
    return file;
  }

  /** {@return the byte offset at which the fault shows; -1 when the file as a whole is at fault} */
  public long offset() {
    return offset;
  }

  /** {@return what is wrong, as the end of a sentence that begins with the file} */
  public String reason() {
    return reason;
  }
}
