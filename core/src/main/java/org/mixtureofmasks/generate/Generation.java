package org.mixtureofmasks.generate;

import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
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
    GrowingText.requireTokenizer(tokenizer, options);
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
    GrowingText text = new GrowingText(model, tokenizer, options, prompt, onText);
    ModelState state = model.newState(prompt.length + options.maxTokens());
    long start = System.nanoTime();
    float[] logits = processPrompt(state, prompt);
    long decodeStart = System.nanoTime();
    int[] one = new int[1];
    while (logits != null && !cancelled && text.next(logits)) {
      one[0] = text.last();
      logits = model.forward(state, one, 0, 1);
    }
    long end = System.nanoTime();
    return text.end((decodeStart - start) * 1e-9, (end - decodeStart) * 1e-9);
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
}
