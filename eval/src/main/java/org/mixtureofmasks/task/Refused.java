package org.mixtureofmasks.task;

/** Something in a row or a template that cannot be used. Who catches it knows the file and line. */
final class Refused extends Exception {
  private static final long serialVersionUID = 1L;

  Refused(String message) {
    super(message);
  }
}
