package org.mixtureofmasks.generate;

import java.util.Locale;

/** Why a generation ended. */
public enum FinishReason {
  /** An end token of the model, or a stop string. */
  STOP,
  /** As many tokens as were asked for. */
  LENGTH,
  /** Somebody called {@link Generation#cancel} or {@link Generations.Text#cancel}. */
  CANCELLED;

  /** "stop", "length" or "cancelled", as in JSON. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
