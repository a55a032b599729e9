package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;

/** The parts of an analysis that only one kind of sparse model has. */
interface Findings {
  /** How tokens choose, for people. */
  String choice();

  /** Adds to the member "model". */
  void describe(ObjectNode to);

  /** What hears of the tokens. */
  TokenTally tally();

  /**
   * Adds the members that are of this kind, after all tokens.
   *
   * @param state whose passes the tally heard
   * @param error with a reference
   */
  void write(Model model, ModelState state, Optional<OutputError> error, ObjectNode to);
}
