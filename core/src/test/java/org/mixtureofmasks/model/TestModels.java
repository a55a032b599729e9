package org.mixtureofmasks.model;

/** What several tests of this room need. */
final class TestModels {
  private TestModels() {}

  /** The index of the largest logit, the lowest of equal ones. */
  static int argmax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }
}
