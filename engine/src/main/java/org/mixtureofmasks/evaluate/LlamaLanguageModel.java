package org.mixtureofmasks.evaluate;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.generate.Generation;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.model.ExpertLoad;
import org.mixtureofmasks.model.Llama;
import org.mixtureofmasks.task.PythonText;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** The harness's view of a model that the engine runs. One caller's, for it has a state. */
public final class LlamaLanguageModel implements LanguageModel {
  private final Llama model;
  private final Tokenizer tokenizer;
  private final int maxLength;
  private final Scorer scorer;

  /** The tokens that the scorer's state holds: requests on one context need it read only once. */
  private int[] held = {};

  /**
   * @param model the model
   * @param tokenizer its tokenizer
   * @param threads threads to score with
   */
  public LlamaLanguageModel(Llama model, Tokenizer tokenizer, int threads) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.maxLength = model.config().maxPositions();
    this.scorer = new Scorer(model, maxLength, threads);
  }

  @Override
  public List<Score> logLikelihood(List<Request> requests) {
    return requests.stream().map(this::logLikelihood).toList();
  }

  private Score logLikelihood(Request request) {
    int[] context;
    int[] whole;
    if (request.context().isEmpty()) {
      context = new int[] {prefixToken()};
      whole = concatenate(context, tokenizer.encode(request.continuation(), false));
    } else {
      // Tokens like to begin with a space, so spaces that end the context go to the continuation.
      String stripped = PythonText.stripTrailing(request.context());
      context = tokenizer.encode(stripped);
      whole = tokenizer.encode(request.context() + request.continuation());
    }
    int scored = whole.length - context.length;
    if (scored < 1 || scored > maxLength) {
      throw new UserError(
          "a continuation has "
              + scored
              + " tokens of its own; it must have 1 to "
              + maxLength
              + " (the model's context): '"
              + request.continuation()
              + "'");
    }
    // Too long: cut from the left; the last token is only predicted, never read.
    int[] s = Arrays.copyOfRange(whole, Math.max(0, whole.length - maxLength - 1), whole.length);
    int inputs = s.length - 1;
    int kept = Math.max(0, Math.min(commonPrefix(held, s), inputs - scored));
    Score score = scorer.score(s, new Window(0, inputs, scored), kept);
    held = Arrays.copyOf(s, inputs);
    return score;
  }

  /**
   * {@inheritDoc}
   *
   * <p>The first window begins with the prefix token, so a leading BOS that the tokenizer adds is
   * itself scored, after the prefix BOS: the harness does so too.
   */
  @Override
  public Score logLikelihoodRolling(String text) {
    int[] s = concatenate(new int[] {prefixToken()}, tokenizer.encode(text));
    held = new int[0];
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

  /** Which experts the model used for all scores so far. */
  public ExpertLoad expertLoad() {
    return scorer.expertLoad();
  }

  /** What a text's first token is conditioned on: BOS, else EOS. */
  public int prefixToken() {
    int bos = model.config().bosToken();
    if (bos >= 0) {
      return bos;
    }
    return model.config().eosTokens().stream()
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    "the model has neither a BOS nor an EOS token to begin a text with: set"
                        + " bos_token_id in its config.json"));
  }

  private static int commonPrefix(int[] a, int[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  private static int[] concatenate(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
