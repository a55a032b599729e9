package org.mixtureofmasks.train;

import java.util.Locale;

/** What a run does, in the order of its first times; saving and validation come again. */
public enum RunPhase {
  /** The dense model to fp32 masters, with a teacher if there is one; data files opened. */
  LOAD,
  /** Texts to rows of token ids, unless the cache has them. */
  PACK,
  /** The method's start: statistics of the dense model, masks, routers. */
  PREPARE,
  /** The loss of the validation rows. */
  VALIDATE,
  /** Optimiser steps. */
  TRAIN,
  /** A checkpoint. */
  SAVE,
  /** Masks and the model that ships. */
  COMPILE,
  /** Both models on held-out text: perplexity, speed, continuations. */
  JUDGE;

  /** As it is printed: "train". */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
