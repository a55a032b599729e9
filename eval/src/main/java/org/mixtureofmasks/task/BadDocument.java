package org.mixtureofmasks.task;

/** A document of a data set that cannot be asked about. Who catches it knows its file and line. */
final class BadDocument extends Exception {
  private static final long serialVersionUID = 1L;

  BadDocument(String message) {
    super(message);
  }

  BadDocument(Exception cause) {
    super(cause.getMessage(), cause);
  }
}
