package org.mixtureofmasks.template;

/**
 * A template that cannot be read, or values that do not fit it. Who catches it knows which file the
 * template or the values are from.
 */
public final class TemplateException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String message;

  /**
   * Says what is wrong.
   *
   * @param message one line
   */
  public TemplateException(String message) {
    super(message);
    this.message = message;
  }

  @Override
  public String getMessage() {
    return message;
  }
}
