package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.HuggingFaceWriter;
import org.mixtureofmasks.format.ModelFolderWriter;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** A GGUF or llama2.c file as a Hugging Face folder: weights, configuration, tokenizer. */
public final class ModelImport {
  private ModelImport() {}

  /**
   * Writes all files.
   *
   * @param folder gets them; the caller commits it
   * @param dtype F32 or BF16, of all weights
   */
  public static void write(
      Checkpoint checkpoint, Tokenizer tokenizer, ModelFolderWriter folder, DType dtype) {
    HuggingFaceWriter.write(checkpoint, folder, dtype);
    tokenizer(checkpoint, tokenizer, folder);
  }

  /**
   * Writes the tokenizer's files alone.
   *
   * @param folder gets them; the caller commits it
   */
  static void tokenizer(Checkpoint checkpoint, Tokenizer tokenizer, ModelFolderWriter folder) {
    folder.text("tokenizer.json", tokenizer.toJson());
    folder.json("tokenizer_config.json", tokenizerConfig(checkpoint, tokenizer));
  }

  /** What transformers wants to know beside tokenizer.json. */
  private static ObjectNode tokenizerConfig(Checkpoint checkpoint, Tokenizer tokenizer) {
    ObjectNode config = Json.object();
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    tokenizer.bos().ifPresent(id -> config.put("bos_token", tokenizer.tokenOf(id)));
    tokenizer.separator().ifPresent(id -> config.put("eos_token", tokenizer.tokenOf(id)));
    config.put("clean_up_tokenization_spaces", false);
    String template = checkpoint.metadata().path("tokenizer.chat_template").textValue();
    if (template != null) {
      config.put("chat_template", template);
    }
    return config;
  }
}
