package org.mixtureofmasks.task;

import org.mixtureofmasks.template.TemplateException;

/** A document of a data set that cannot be asked about. Who catches it knows its file and line. */
final class BadDocument extends Exception {
  private static final long serialVersionUID = 1L;

  private final String message;

  BadDocument(String message) {
    super(message);
    this.message = message;
  }

  BadDocument(TemplateException cause) {
    super(cause.getMessage(), cause);
    message = cause.getMessage();
  }

  @Override
  public String getMessage() {
    return message;
  }
}
