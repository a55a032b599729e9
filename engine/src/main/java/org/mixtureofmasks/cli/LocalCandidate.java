package org.mixtureofmasks.cli;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.mixtureofmasks.checkpoint.Fingerprint;
import org.mixtureofmasks.evaluate.JudgedModel;
import org.mixtureofmasks.evaluate.LanguageModel;
import org.mixtureofmasks.evaluate.LlamaLanguageModel;
import org.mixtureofmasks.model.Llama;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** A model that the engine runs. */
final class LocalCandidate implements Candidate {
  private final Llama llama;
  private final Tokenizer tokenizer;
  private final LlamaLanguageModel language;
  private final JudgedModel model;

  /** Opens a model with its tokenizer and takes its fingerprint. */
  LocalCandidate(Path path, RunOptions run, TokenizerOptions tokenizers) {
    this.llama = run.open(path);
    try {
      this.tokenizer = tokenizers.open(path);
    } catch (RuntimeException e) {
      llama.close();
      throw e;
    }
    this.language = new LlamaLanguageModel(llama, tokenizer, run.threads());
    String hash = Fingerprint.of(path);
    String weights = llama.weightType();
    // The tokenizer lies elsewhere for some formats, and another number format computes otherwise.
    String identity = hash + " " + weights + " " + tokenizer.toJson();
    this.model =
        new JudgedModel(
            path.toString(),
            identity,
            hash,
            llama.description(),
            weights,
            run.threads(),
            OptionalInt.of(llama.config().maxPositions()));
  }

  @Override
  public JudgedModel model() {
    return model;
  }

  @Override
  public LanguageModel language() {
    return language;
  }

  @Override
  public void close() {
    tokenizer.close();
    llama.close();
  }
}
