package org.mixtureofmasks.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.score.CompletionsEndpoint;
import org.mixtureofmasks.score.CompletionsLanguageModel;
import org.mixtureofmasks.score.EvaluatedModel;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** A model behind a server. What it is nobody here can see: it goes by its address and name. */
final class ServedCandidate implements Candidate {
  private final Optional<Tokenizer> tokenizer;
  private final CompletionsLanguageModel language;
  private final EvaluatedModel model;

  /**
   * @param tokenizer file of the model's tokenizer, or null: the server splits texts
   */
  ServedCandidate(CompletionsEndpoint endpoint, @Nullable Path tokenizer) {
    this.tokenizer = Optional.ofNullable(tokenizer).map(Tokenizer::open);
    this.language = new CompletionsLanguageModel(endpoint, this.tokenizer);
    String split = this.tokenizer.map(Tokenizer::toJson).orElse("the server's");
    this.model =
        new EvaluatedModel(
            endpoint.model(),
            endpoint + " " + endpoint.contextLength() + " " + split,
            "",
            endpoint.toString(),
            "",
            0,
            OptionalInt.of(endpoint.contextLength()));
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
    language.close();
    tokenizer.ifPresent(Tokenizer::close);
  }
}
