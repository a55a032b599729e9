package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.TensorSpec.Role;
import org.mixtureofmasks.io.BadCheckpoint;

/** Which of the stored tensors transformers takes when config.json says something else. */
class StoredNamesTest {
  private static final long ROWS = MadeCheckpoint.VOCABULARY;
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private static MadeCheckpoint tied() {
    MadeCheckpoint made = MadeCheckpoint.llama(Checkpoint.Format.HUGGING_FACE);
    made.metadata().put("tie_word_embeddings", true);
    return made.withAll();
  }

  private static StoredTensor stored(Checkpoint made, ModelConfig config, Role role) {
    return ModelTensors.of(made, config).get(role, TensorSpec.NO_LAYER);
  }

  @Test
  void aStoredHeadOfOtherValuesIsUsedThoughTheConfigSaysTied() {
    MadeCheckpoint made = tied().with(HEAD, new float[(int) ROWS * MadeCheckpoint.D], ROWS, 8);
    ModelConfig config = ConfigReader.read(made);
    assertFalse(config.tieEmbeddings());
    assertEquals(HEAD, stored(made, config, Role.OUTPUT).name());
    assertFalse(ConfigReader.description(made).get("tie_word_embeddings").booleanValue());
  }

  @Test
  void aStoredHeadOfTheSameValuesIsTheEmbedding() {
    MadeCheckpoint made = tied().with(HEAD, ROWS, 8); // both count up from 0
    assertTrue(ConfigReader.read(made).tieEmbeddings());
    assertTrue(ConfigReader.description(made).get("tie_word_embeddings").booleanValue());
  }

  @Test
  void aHeadThatIsStoredAloneIsTheEmbedding() {
    MadeCheckpoint made = tied().with(HEAD, ROWS, 8);
    made.tensors().remove(EMBEDDING);
    ModelConfig config = ConfigReader.read(made);
    assertTrue(config.tieEmbeddings());
    assertEquals(HEAD, stored(made, config, Role.EMBEDDING).name());
    assertEquals(
        config.tensors().stored().size(), ModelTensors.of(made, config).inFileOrder().size());
  }

  @Test
  void withoutTyingAHeadAloneIsNoEmbedding() {
    MadeCheckpoint made = MadeCheckpoint.llama(Checkpoint.Format.HUGGING_FACE).withAll();
    made.tensors().remove(EMBEDDING);
    ModelConfig config = ConfigReader.read(made);
    assertThrows(BadCheckpoint.class, () -> ModelTensors.of(made, config));
  }

  @Test
  void namesWithoutTheirPrefixAreThoseOfAModelWithoutItsHead() {
    MadeCheckpoint whole = tied();
    MadeCheckpoint bare = MadeCheckpoint.llama(Checkpoint.Format.HUGGING_FACE);
    bare.metadata().put("tie_word_embeddings", true);
    whole
        .tensors()
        .values()
        .forEach(
            t ->
                bare.with(
                    t.name().substring("model.".length()),
                    t.shape().stream().mapToLong(Long::longValue).toArray()));
    ModelConfig config = ConfigReader.read(bare);
    assertEquals("embed_tokens.weight", stored(bare, config, Role.EMBEDDING).name());
    assertEquals("norm.weight", stored(bare, config, Role.FINAL_NORM).name());
  }
}
