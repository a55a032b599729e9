package org.mixtureofmasks.analyse;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Tokens that are analysed under one name.
 *
 * @param name unique
 * @param kind what it was read from
 * @param group of an MMLU subject: stem, humanities, social_sciences or other
 * @param documents read: 1 for a text, rows, questions
 * @param sha256 of its file, "sha256:..."
 * @param sequences what the model reads, each from position 0 on
 */
record DataSet(
    String name,
    Kind kind,
    Optional<String> group,
    int documents,
    String sha256,
    List<Sequence> sequences) {

  /**
   * What the model reads in one go.
   *
   * @param ids its tokens
   * @param from the first that counts: those before it are context, such as the words that every
   *     question of a subject begins with
   */
  record Sequence(int[] ids, int from) {
    int counted() {
      return ids.length - from;
    }
  }

  /** What data are read from. */
  enum Kind {
    TEXT,
    ROWS,
    MMLU_SUBJECT;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  DataSet {
    sequences = List.copyOf(sequences);
  }

  /** Tokens that count. */
  long tokens() {
    return sequences.stream().mapToLong(Sequence::counted).sum();
  }
}
