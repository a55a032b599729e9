package org.mixtureofmasks.analyse;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What is analysed and on what.
 *
 * @param path a sparse model folder, or a run's, whose compiled model is taken
 * @param texts UTF-8 files, a data set each
 * @param tokens files of packed rows, a data set each
 * @param row tokens in a row; 0 without such files
 * @param mmlu the folder mmlu, or one that holds it
 * @param shots examples before each question of MMLU
 * @param limit most tokens of a data set; 0: {@link #TEXT_LIMIT} or {@link #SUBJECT_LIMIT}
 * @param reference the dense model that outputs are compared with
 * @param removalTokens tokens on which experts are removed; 0: none is; empty: {@link
 *     #REMOVAL_TOKENS} if there are experts
 * @param tokenizer another than the model's own
 * @param threads of the engine
 * @param command for the record
 */
public record AnalysisSettings(
    Path path,
    List<Path> texts,
    List<Path> tokens,
    int row,
    Optional<Path> mmlu,
    int shots,
    int limit,
    Optional<Path> reference,
    OptionalInt removalTokens,
    Optional<Path> tokenizer,
    int threads,
    String command) {

  /** Most tokens of a text or of packed rows, unless said otherwise. */
  public static final int TEXT_LIMIT = 20_000;

  /** Most tokens of a subject of MMLU, unless said otherwise. */
  public static final int SUBJECT_LIMIT = 4_000;

  /** Tokens on which experts are removed, unless said otherwise. */
  public static final int REMOVAL_TOKENS = 2_048;

  public AnalysisSettings {
    texts = List.copyOf(texts);
    tokens = List.copyOf(tokens);
  }

  int limit(DataSet.Kind kind) {
    return limit > 0 ? limit : kind == DataSet.Kind.MMLU_SUBJECT ? SUBJECT_LIMIT : TEXT_LIMIT;
  }
}
