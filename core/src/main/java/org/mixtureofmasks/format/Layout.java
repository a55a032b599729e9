package org.mixtureofmasks.format;

import java.util.Locale;

/** How the FFNs of a sparse folder are stored (docs/file-formats.md). */
public enum Layout {
  /** Each live neuron once; an expert is a list of runs. */
  RUNS,
  /**
   * A copy of its neurons for each expert, in one block; with input masks only of the inputs kept.
   */
  COPIED,
  /** The dense weights and the masks: the uncompiled twin, for proofs of equality. */
  MASKED;

  /** {@return the word for it in config.json and on the command line, such as "runs"} */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
