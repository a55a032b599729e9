package org.mixtureofmasks.cli;

import org.mixtureofmasks.evaluate.JudgedModel;
import org.mixtureofmasks.evaluate.LanguageModel;

/** A model that tasks are put to. */
interface Candidate extends AutoCloseable {
  /** What the results say of it. */
  JudgedModel model();

  /** Who is asked. */
  LanguageModel language();

  @Override
  void close();
}
