package org.mixtureofmasks.cli;

import org.mixtureofmasks.score.EvaluatedModel;
import org.mixtureofmasks.score.LanguageModel;

/** A model that tasks are put to. */
interface Candidate extends AutoCloseable {
  /** What the results say of it. */
  EvaluatedModel model();

  /** Who is asked. */
  LanguageModel language();

  @Override
  void close();
}
