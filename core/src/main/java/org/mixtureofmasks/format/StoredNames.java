package org.mixtureofmasks.format;

import java.util.Map;
import java.util.function.UnaryOperator;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the files of a Hugging Face folder differ from its config.json in what is stored, and what
 * transformers takes then.
 */
final class StoredNames {
  private static final Logger LOG = LoggerFactory.getLogger(StoredNames.class);

  private static final String PREFIX = "model.";
  private static final String EMBEDDING = "embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  /**
   * The scales of a tied output projection, the embedding's over again: transformers ties weights
   * but not their scales.
   */
  static final String TIED_SCALES = HEAD + "_scale";

  private StoredNames() {}

  /**
   * The name under which the family's table has a stored tensor. A model saved without its output
   * projection lacks the prefix of all names, and of two tied tensors either one may be stored.
   *
   * @param tied whether the output projection is the embedding
   */
  static UnaryOperator<String> of(Checkpoint checkpoint, boolean tied) {
    if (checkpoint.format() != Checkpoint.Format.HUGGING_FACE) {
      return name -> name;
    }
    Map<String, StoredTensor> tensors = checkpoint.tensors();
    boolean prefixed = tensors.keySet().stream().anyMatch(name -> name.startsWith(PREFIX));
    boolean headAlone =
        tied
            && tensors.containsKey(HEAD)
            && !tensors.containsKey(EMBEDDING)
            && !tensors.containsKey(PREFIX + EMBEDDING);
    return name -> {
      if (name.equals(HEAD)) {
        return headAlone ? PREFIX + EMBEDDING : name;
      }
      return prefixed ? name : PREFIX + name;
    };
  }

  /** Whether an output projection is stored that is not the embedding over again. */
  static boolean hasOwnHead(Checkpoint checkpoint) {
    Map<String, StoredTensor> tensors = checkpoint.tensors();
    StoredTensor head = tensors.get(HEAD);
    StoredTensor embedding = tensors.getOrDefault(PREFIX + EMBEDDING, tensors.get(EMBEDDING));
    if (head == null || embedding == null) {
      return false;
    }
    boolean same =
        head.dtype() == embedding.dtype()
            && head.shape().equals(embedding.shape())
            && head.data().mismatch(embedding.data()) < 0;
    if (!same) {
      LOG.warn(
          "{}: tie_word_embeddings is true, but {} is stored with other values than the embedding;"
              + " both are used as they are stored",
          checkpoint.path(),
          HEAD);
    }
    return !same;
  }
}
