package org.mixtureofmasks.analyse;

import org.mixtureofmasks.model.LayerObserver;

/** Gathers what every token does in every layer, sequence by sequence. */
interface TokenTally extends LayerObserver {
  /** Before the model reads a sequence, from position 0 on. */
  void begin(int dataSet, DataSet.Sequence sequence);

  /** After it has read the sequence. */
  void end();

  /** All tokens that count so far. */
  long tokens();
}
