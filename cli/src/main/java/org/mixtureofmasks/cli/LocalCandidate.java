package org.mixtureofmasks.cli;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.score.EvaluatedModel;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.score.LocalLanguageModel;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** A model that the engine runs. */
final class LocalCandidate implements Candidate {
  private final Model llama;
  private final Tokenizer tokenizer;
  private final LocalLanguageModel language;
  private final EvaluatedModel model;

  /** Opens a model with its tokenizer and takes its fingerprint. */
  LocalCandidate(Path path, RunOptions run, TokenizerOptions tokenizers) {
    this.llama = run.open(path);
    try {
      this.tokenizer = tokenizers.open(path);
    } catch (RuntimeException e) {
      llama.close();
      throw e;
    }
    this.language = new LocalLanguageModel(llama, tokenizer, run.threads());
    String hash = Fingerprint.of(path);
    String weights = llama.weightType();
    // The tokenizer lies elsewhere for some formats, and another number format computes otherwise.
    String identity = hash + " " + weights + " " + tokenizer.toJson();
    this.model =
        new EvaluatedModel(
            path.toString(),
            identity,
            hash,
            llama.description(),
            weights,
            run.threads(),
            OptionalInt.of(llama.config().maxPositions()));
  }

  @Override
  public EvaluatedModel model() {
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
