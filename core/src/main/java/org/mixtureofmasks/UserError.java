package org.mixtureofmasks;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something that the person at the keyboard can mend: one line that says what is wrong, where, and
 * how to mend it. The command line prints {@link #getMessage()} and ends with {@link #exitCode()};
 * programs that embed the library catch it.
 */
public class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Exit code of a run that failed. */
  public static final int FAILED = 1;

  /** Exit code of a command or recipe that cannot be understood. */
  public static final int USAGE = 2;

  private final int exitCode;

  /**
   * A failure (exit code 1) described by one line.
   *
   * @param message what is wrong, where, and how to mend it, in one line
   */
  public UserError(String message) {
    this(FAILED, message, null);
  }

  /**
   * A failure (exit code 1) described by one line, with what caused it.
   *
   * @param message what is wrong, where, and how to mend it, in one line
   * @param cause what went wrong below, if anything did
   */
  public UserError(String message, @Nullable Throwable cause) {
    this(FAILED, message, cause);
  }

  private UserError(int exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /**
   * A command, option or recipe that cannot be understood (exit code 2).
   *
   * @param message what is wrong, where, and how to mend it, in one line
   * @return an error of exit code 2
   */
  public static UserError usage(String message) {
    return new UserError(USAGE, message, null);
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  /** {@return the exit code of the program that ends by it: 1 for a failure, 2 for wrong usage} */
  public int exitCode() {
    return exitCode;
  }
}
