package org.mixtureofmasks.study;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a study judges every finished model by beside the loss over evaluate.rows, and the dense
 * model too.
 *
 * @param tasks that are put to them
 * @param texts whose perplexity is taken, by names that differ
 * @param bench whether decoding is timed in turns with the dense model
 */
public record Judgement(Optional<AskedTasks> tasks, List<Text> texts, boolean bench) {
  /**
   * Tasks that were found with their documents.
   *
   * @param names as {@code mom evaluate --tasks} takes them
   * @param data folder of their files
   * @param limit documents of each task without its own at most; empty: all
   * @param hash over all questions
   */
  public record AskedTasks(List<String> names, Path data, OptionalInt limit, String hash) {
    public AskedTasks {
      names = List.copyOf(names);
    }
  }

  /**
   * A text file.
   *
   * @param name its file name
   * @param hash of its contents
   */
  public record Text(String name, Path file, String hash) {}

  public Judgement {
    texts = List.copyOf(texts);
  }

  /** Whether models have to read anything for it. */
  boolean reads() {
    return tasks.isPresent() || !texts.isEmpty();
  }

  /** Whether it is more than the loss over evaluate.rows. */
  boolean any() {
    return reads() || bench;
  }
}
