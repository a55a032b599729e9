package org.mixtureofmasks.cli;

import org.mixtureofmasks.evaluate.JudgedModel;
import org.mixtureofmasks.evaluate.LanguageModel;

/** A model that tasks are put to. */
interface Candidate extends AutoCloseable {
  /** What the results say of it. */
  JudgedModel model();

  /** It, for one task: asked nothing yet, so that what it counts is that task's. */
  LanguageModel start();

  @Override
  void close();
}
