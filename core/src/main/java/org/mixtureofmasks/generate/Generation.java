package org.mixtureofmasks.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.TokenIds;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.tokenizer.TokenStream;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * Generates one text: processes the prompt, then one token after another until an end token, a stop
 * string, the limit or a call of {@link #cancel}. One object for one text; it has its own state, so
 * that any number of them may share a model.
 */
public final class Generation {
  private final Model model;
  private final Optional<Tokenizer> tokenizer;
  private final GenerationOptions options;
  private volatile boolean cancelled;

  /**
   * Prepares one text; nothing is computed yet.
   *
   * @param model the model
   * @param tokenizer gives the text; without it only token ids come out, and stop strings cannot be
   * @param options what to generate
   */
  public Generation(Model model, Optional<Tokenizer> tokenizer, GenerationOptions options) {
    if (tokenizer.isEmpty() && !options.stop().isEmpty()) {
      throw UserError.usage("a stop string needs a tokenizer: give one with --tokenizer FILE");
    }
    this.model = model;
    this.tokenizer = tokenizer;
    this.options = options;
  }

  /**
   * Ends a running (or future) {@link #run} before its next token, or while the prompt is processed
   * before the next pass of {@link ModelState#packLimit} tokens; from any thread.
   */
  public void cancel() {
    cancelled = true;
  }

  /**
   * Generates.
   *
   * @param prompt token ids, at least one, special tokens included
   * @param onText gets each piece of text as soon as it is certain
   * @return the text, its tokens, why it ended and how long it took
   * @throws UserError for an empty prompt, an id outside the vocabulary, or when prompt and
   *     maxTokens together pass the model's context
   */
  public GenerationResult run(int[] prompt, Consumer<String> onText) {
    check(prompt);
    Sampler sampler = new Sampler(options.sampling());
    Arrays.stream(prompt).forEach(sampler::accept);
    StopStrings stops = new StopStrings(options.stop());
    Optional<TokenStream> decoder = tokenizer.map(t -> t.stream(prompt, true));
    BitSet ends = endTokens();
    StringBuilder text = new StringBuilder();
    Consumer<String> show =
        piece -> {
          if (!piece.isEmpty()) {
            text.append(piece);
            onText.accept(piece);
          }
        };

    ModelState state = model.newState(prompt.length + options.maxTokens());
    long start = System.nanoTime();
    float[] logits = processPrompt(state, prompt);
    long decodeStart = System.nanoTime();
    List<Integer> ids = new ArrayList<>();
    FinishReason reason = FinishReason.CANCELLED;
    int[] one = new int[1];
    while (logits != null && !cancelled) {
      int token = sampler.next(logits);
      sampler.accept(token);
      ids.add(token);
      if (ends.get(token)) {
        reason = FinishReason.STOP;
        break;
      }
      if (decoder.isPresent()) {
        show.accept(stops.push(decoder.get().accept(token)));
        if (stops.stopped()) {
          reason = FinishReason.STOP;
          break;
        }
      }
      if (ids.size() == options.maxTokens()) {
        reason = FinishReason.LENGTH;
        break;
      }
      one[0] = token;
      logits = model.forward(state, one, 0, 1);
    }
    long end = System.nanoTime();
    decoder.ifPresent(d -> show.accept(stops.push(d.flush())));
    show.accept(stops.flush());
    return new GenerationResult(
        text.toString(),
        ids,
        Arrays.stream(prompt).boxed().toList(),
        reason,
        (decodeStart - start) * 1e-9,
        (end - decodeStart) * 1e-9);
  }

  /**
   * Appends the prompt in the state's own passes, so that the experts of a sparse model get as many
   * tokens at once as the model asks for; looks at the cancellation before each.
   *
   * @return logits of the last token processed, the prompt's last unless it was cancelled on the
   *     way; null when it was cancelled before any
   */
  float @Nullable [] processPrompt(ModelState state, int[] prompt) {
    int pass = state.packLimit();
    float @Nullable [] logits = null;
    for (int from = 0; from < prompt.length && !cancelled; from += pass) {
      logits = model.forward(state, prompt, from, Math.min(pass, prompt.length - from));
    }
    return logits;
  }

  private void check(int[] prompt) {
    if (prompt.length == 0) {
      throw new UserError(
          "the prompt has no tokens: give some text (this tokenizer adds no beginning of its own)");
    }
    TokenIds.require(
        prompt,
        model.config().vocabSize(),
        "the prompt",
        "was it made by another model's tokenizer?");
    int context = model.config().maxPositions();
    if ((long) prompt.length + options.maxTokens() > context) {
      throw new UserError(
          ("the model's context is %s tokens, but the prompt has %s and %s more are asked"
                  + " for: %s")
              .formatted(
                  context,
                  prompt.length,
                  options.maxTokens(),
                  prompt.length < context
                      ? "ask for at most " + (context - prompt.length)
                      : "shorten the prompt"));
    }
  }

  private BitSet endTokens() {
    BitSet ends = new BitSet();
    if (!options.ignoreEos()) {
      model.config().eosTokens().forEach(ends::set);
      tokenizer.ifPresent(t -> t.eos().forEach(ends::set));
    }
    return ends;
  }
}
