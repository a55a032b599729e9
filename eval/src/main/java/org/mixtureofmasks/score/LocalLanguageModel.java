package org.mixtureofmasks.score;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.generate.Generation;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** The harness's view of a model that the engine runs. One caller's, for it has a state. */
public final class LocalLanguageModel implements LanguageModel {
  /** Requests that are tokens in memory at a time; within them what is shared is read once. */
  private static final int PORTION = 1024;

  private final Model model;
  private final Tokenizer tokenizer;
  private final TokenSplit split;
  private final boolean parallel;
  private final int maxLength;
  private final Scorer scorer;

  /**
   * @param model the model
   * @param tokenizer its tokenizer
   * @param threads threads to make tokens with: one, or as many as the machine has; the model has
   *     its own
   */
  public LocalLanguageModel(Model model, Tokenizer tokenizer, int threads) {
    this(model, tokenizer, threads, model.config().maxPositions());
  }

  /**
   * The same with shorter windows.
   *
   * @param maxLength the harness's max_length: tokens that are read in one go, at most the context
   */
  public LocalLanguageModel(Model model, Tokenizer tokenizer, int threads, int maxLength) {
    this.model = model;
    this.split = new TokenSplit(tokenizer);
    this.tokenizer = tokenizer;
    this.parallel = threads > 1;
    this.maxLength = maxLength;
    this.scorer = new Scorer(model, maxLength);
  }

  @Override
  public List<Score> logLikelihood(List<Request> requests, Progress progress) {
    List<Score> scores = new ArrayList<>(requests.size());
    for (int from = 0; from < requests.size(); from += PORTION) {
      int before = from;
      List<Request> portion = requests.subList(from, Math.min(requests.size(), from + PORTION));
      IntStream places = IntStream.range(0, portion.size());
      List<TokenSplit.Parts> parts =
          (parallel ? places.parallel() : places)
              .mapToObj(i -> split.of(portion.get(i), this::prefixToken))
              .toList();
      List<Sequence> sequences = new ArrayList<>(portion.size());
      for (int i = 0; i < portion.size(); i++) {
        sequences.add(sequence(parts.get(i), portion.get(i), before + i));
      }
      Score[] some =
          scorer.score(sequences, done -> progress.at((long) before + done, requests.size()));
      for (int i = 0; i < some.length; i++) {
        check(some[i], portion.get(i), before + i);
        scores.add(some[i]);
      }
    }
    return scores;
  }

  private Sequence sequence(TokenSplit.Parts parts, Request request, int place) {
    int[] whole = parts.whole();
    int scored = whole.length - parts.context();
    if (scored < 1 || scored > maxLength) {
      throw new UserError(
          ("request %s: a continuation has %s tokens of its own; it must have 1 to %s (the"
                  + " model's context): '%s'")
              .formatted(place, scored, maxLength, request.continuation()));
    }
    // Too long: cut from the left; the last token is only predicted, never read.
    int from = Math.max(0, whole.length - maxLength - 1);
    return new Sequence(Arrays.copyOfRange(whole, from, whole.length), scored);
  }

  private static void check(Score score, Request request, int place) {
    if (Double.isNaN(score.logProbability())) {
      throw new UserError(
          ("the model gives no number (NaN) for request %s, '%s' after '%s': its weights or"
                  + " what it computes with them are not finite")
              .formatted(place, request.continuation(), request.context()));
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>The first window begins with the prefix token, so a leading BOS that the tokenizer adds is
   * itself scored, after the prefix BOS: the harness does so too.
   */
  @Override
  public Score logLikelihoodRolling(String text) {
    int[] s = TokenSplit.concatenate(new int[] {prefixToken()}, tokenizer.encode(text));
    double sum = 0;
    boolean greedy = true;
    for (Window window : Window.rolling(s.length, maxLength)) {
      Score score = scorer.score(s, window);
      sum += score.logProbability();
      greedy &= score.greedy();
    }
    return new Score(sum, greedy, s.length - 1);
  }

  @Override
  public GenerationResult generate(String context, GenerationOptions options) {
    return new Generation(model, Optional.of(tokenizer), options)
        .run(tokenizer.encode(context), piece -> {});
  }

  @Override
  public Usage usage() {
    long tokens = scorer.expertLoad().tokens();
    return tokens == 0 ? Usage.UNKNOWN : Usage.of(tokens, shares());
  }

  /** Which experts the model used for all scores so far. */
  public ExpertLoad expertLoad() {
    return scorer.expertLoad();
  }

  /** What the tokens of all scores so far needed of the dense model's FFN. */
  public Shares shares() {
    return model.shares(scorer.expertLoad());
  }

  /** What a text's first token is conditioned on: the tokenizer's BOS, else EOS. */
  public int prefixToken() {
    if (tokenizer.bos().isPresent()) {
      return tokenizer.bos().getAsInt();
    }
    if (tokenizer.separator().isPresent()) {
      return tokenizer.separator().getAsInt();
    }
    return model.config().eosTokens().stream()
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    "the model has neither a BOS nor an EOS token to begin a text with: set"
                        + " bos_token in its tokenizer_config.json"));
  }
}
