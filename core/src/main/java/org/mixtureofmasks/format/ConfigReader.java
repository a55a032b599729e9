package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.io.BadCheckpoint;

/** Reads the shape of a model from what its files say about it. */
public final class ConfigReader {
  /** What run.c computes with; its header has no field for them. */
  private static final double LLAMA2C_EPS = 1e-5;

  private static final double LLAMA2C_THETA = 10_000;

  private ConfigReader() {}

  /**
   * The shape, checked for everything that the engine relies on.
   *
   * @param checkpoint of any format
   * @return the shape, with how the FFNs are made sparse if they are
   * @throws BadCheckpoint naming the member that is missing, out of range or not supported
   */
  public static ModelConfig read(Checkpoint checkpoint) {
    ModelConfig config =
        switch (checkpoint.format()) {
          case HUGGING_FACE -> HuggingFaceConfig.read(checkpoint);
          case GGUF -> GgufConfig.read(checkpoint);
          case LLAMA2C -> llama2c(checkpoint);
        };
    check(checkpoint, config);
    return config;
  }

  /**
   * What a Hugging Face folder says about its model, for a folder that is made from it.
   *
   * @param checkpoint a Hugging Face folder
   * @return its config.json, in which tie_word_embeddings is as its tensors have it
   */
  public static ObjectNode description(Checkpoint checkpoint) {
    return HuggingFaceConfig.metadata(checkpoint);
  }

  private static ModelConfig llama2c(Checkpoint checkpoint) {
    Fields f = new Fields(checkpoint.path(), checkpoint.metadata());
    int d = f.positive("dim");
    int heads = f.positive("n_heads");
    int vocab = Math.abs(checkpoint.metadata().path("vocab_size").intValue());
    return new ModelConfig(
        Families.LLAMA,
        d,
        f.positive("hidden_dim"),
        f.positive("n_layers"),
        new ModelConfig.Attention(heads, f.positive("n_kv_heads"), d / heads),
        f.positive("seq_len"),
        new ModelConfig.Rope(LLAMA2C_THETA, new ModelConfig.Scaling.None()),
        new ModelConfig.Block(ModelConfig.Activation.SILU, LLAMA2C_EPS),
        new ModelConfig.Vocabulary(
            vocab,
            !checkpoint.tensors().containsKey("wcls"),
            1,
            // These models separate texts by BOS, and run.c stops at it; sentencepiece's EOS is 2.
            List.of(1, 2)),
        Optional.empty(),
        Optional.empty());
  }

  private static void check(Checkpoint checkpoint, ModelConfig c) {
    Path file =
        checkpoint.format() == Checkpoint.Format.HUGGING_FACE
            ? checkpoint.path().resolve(HuggingFaceConfig.FILE)
            : checkpoint.path();
    if (c.heads() % c.kvHeads() != 0) {
      throw new BadCheckpoint(
          file,
          -1,
          "%d query heads cannot share %d key-value heads evenly"
              .formatted(c.heads(), c.kvHeads()));
    }
    if (c.headDim() % 2 != 0) {
      throw new BadCheckpoint(
          file, -1, "a head_dim of %d is odd; rotary positions turn pairs".formatted(c.headDim()));
    }
    if ((long) c.heads() * c.headDim() > 1 << 24) {
      throw new BadCheckpoint(file, -1, "heads x head_dim is beyond any real model");
    }
    for (int token : c.eosTokens()) {
      if (token < 0 || token >= c.vocabSize()) {
        throw new BadCheckpoint(
            file,
            -1,
            "eos_token_id %d is outside the vocabulary of %d".formatted(token, c.vocabSize()));
      }
    }
    if (c.bosToken() < -1 || c.bosToken() >= c.vocabSize()) {
      throw new BadCheckpoint(
          file,
          -1,
          "bos_token_id %d is outside the vocabulary of %d".formatted(c.bosToken(), c.vocabSize()));
    }
  }
}
