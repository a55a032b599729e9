package org.mixtureofmasks.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.TokenIds;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.tokenizer.TokenStream;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** A text while it is generated: draws its tokens, shows its pieces and knows when it has ended. */
final class GrowingText {
  private final int[] prompt;
  private final GenerationOptions options;
  private final Consumer<String> onText;
  private final Sampler sampler;
  private final StopStrings stops;
  private final Optional<TokenStream> decoder;
  private final BitSet ends;
  private final StringBuilder text = new StringBuilder();
  private final List<Integer> ids = new ArrayList<>();
  private FinishReason reason = FinishReason.CANCELLED; // until another one is known

  /**
   * @throws UserError for an empty prompt, an id outside the vocabulary, when prompt and maxTokens
   *     together pass the model's context, or a stop string without a tokenizer
   */
  GrowingText(
      Model model,
      Optional<Tokenizer> tokenizer,
      GenerationOptions options,
      int[] prompt,
      Consumer<String> onText) {
    requireTokenizer(tokenizer, options);
    check(model, options, prompt);
    this.prompt = prompt;
    this.options = options;
    this.onText = onText;
    sampler = new Sampler(options.sampling());
    Arrays.stream(prompt).forEach(sampler::accept);
    stops = new StopStrings(options.stop());
    decoder = tokenizer.map(t -> t.stream(prompt, true));
    ends = endTokens(model, tokenizer, options);
  }

  static void requireTokenizer(Optional<Tokenizer> tokenizer, GenerationOptions options) {
    if (tokenizer.isEmpty() && !options.stop().isEmpty()) {
      throw UserError.usage("a stop string needs a tokenizer: give one with --tokenizer FILE");
    }
  }

  private static void check(Model model, GenerationOptions options, int[] prompt) {
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

  private static BitSet endTokens(
      Model model, Optional<Tokenizer> tokenizer, GenerationOptions options) {
    BitSet ends = new BitSet();
    if (!options.ignoreEos()) {
      model.config().eosTokens().forEach(ends::set);
      tokenizer.ifPresent(t -> t.eos().forEach(ends::set));
    }
    return ends;
  }

  /**
   * Draws the next token.
   *
   * @return whether the text goes on
   */
  boolean next(float[] logits) {
    int token = sampler.next(logits);
    sampler.accept(token);
    ids.add(token);
    if (ends.get(token)) {
      reason = FinishReason.STOP;
      return false;
    }
    if (decoder.isPresent()) {
      show(stops.push(decoder.get().accept(token)));
      if (stops.stopped()) {
        reason = FinishReason.STOP;
        return false;
      }
    }
    if (ids.size() == options.maxTokens()) {
      reason = FinishReason.LENGTH;
      return false;
    }
    return true;
  }

  private void show(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      onText.accept(piece);
    }
  }

  /** The token that was drawn last. */
  int last() {
    return ids.getLast();
  }

  /** Shows what was held back and says what came of it: cancelled, if it could have gone on. */
  GenerationResult end(double promptSeconds, double decodeSeconds) {
    decoder.ifPresent(d -> show(stops.push(d.flush())));
    show(stops.flush());
    return new GenerationResult(
        text.toString(),
        ids,
        Arrays.stream(prompt).boxed().toList(),
        reason,
        promptSeconds,
        decodeSeconds);
  }
}
