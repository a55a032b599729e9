package org.mixtureofmasks.score;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Function;
import org.mixtureofmasks.UserError;

/**
 * A prompt as a server gives it back: its tokens with their log-probabilities. Behind them there
 * may be tokens that the server generated, which nobody asked for.
 *
 * @param choice the answer's only choice
 * @param count tokens of the prompt
 * @param failure makes the error for an answer that cannot be used
 */
record EchoedPrompt(JsonNode choice, int count, Function<String, UserError> failure) {

  /**
   * @param answer a completions answer
   * @param sent ids that were sent; -1 when a text was sent
   * @param asked max_tokens of the request
   */
  static EchoedPrompt read(
      JsonNode answer, int sent, int asked, Function<String, UserError> failure) {
    JsonNode choice = answer.path("choices").path(0);
    int given = choice.path("logprobs").path("token_logprobs").size();
    if (given == 0) {
      throw failure.apply(
          "the answer has no token_logprobs: the server must know echo and logprobs");
    }
    JsonNode read = answer.path("usage").path("prompt_tokens");
    if (sent >= 0 && read.isInt() && read.asInt() != sent) {
      throw failure.apply(
          "the server reads " + sent + " token ids as " + read.asInt() + ": it adds tokens");
    }
    int count = sent >= 0 ? sent : read.isInt() ? read.asInt() : given - asked;
    if (given < count || count < 1) {
      throw failure.apply(
          "the answer has log-probabilities of " + given + " tokens, but the prompt has " + count);
    }
    return new EchoedPrompt(choice, count, failure);
  }

  /** The score of the prompt's tokens from {@code from} on. */
  LanguageModel.Score score(int from) {
    JsonNode logProbabilities = choice.path("logprobs").path("token_logprobs");
    JsonNode top = choice.path("logprobs").path("top_logprobs");
    double sum = 0;
    boolean greedy = true;
    for (int i = from; i < count; i++) {
      if (!logProbabilities.path(i).isNumber()) {
        throw failure.apply(
            "the answer gives no log-probability of token "
                + i
                + " of the prompt: "
                + logProbabilities.path(i));
      }
      double own = logProbabilities.get(i).asDouble();
      if (top.path(i).isEmpty()) {
        throw failure.apply("the answer gives no top_logprobs of token " + i + " of the prompt");
      }
      double most = Double.NEGATIVE_INFINITY;
      for (JsonNode other : top.get(i)) {
        most = Math.max(most, other.asDouble());
      }
      sum += own;
      greedy &= own >= most;
    }
    return new LanguageModel.Score(sum, greedy, count - from);
  }

  /**
   * The first token that begins at or behind {@code characters} code points of the prompt's text.
   * Servers count the text of their own tokens, which may begin with a BOS token or a space that
   * the prompt has not: so offsets are counted from where the prompt ends.
   */
  int firstTokenAt(String prompt, int characters) {
    JsonNode offsets = choice.path("logprobs").path("text_offset");
    JsonNode tokens = choice.path("logprobs").path("tokens");
    if (offsets.size() < count || tokens.size() < count) {
      throw failure.apply("the answer has no tokens and text_offset for each token of the prompt");
    }
    int end =
        offsets.size() > count
            ? offsets.get(count).asInt()
            : offsets.get(count - 1).asInt() + length(tokens.get(count - 1).asText());
    int added = end - length(prompt);
    if (added != 0) {
      StringBuilder spelled = new StringBuilder();
      for (int i = 0; i < count; i++) {
        spelled.append(tokens.get(i).asText());
      }
      if (!spelled.toString().endsWith(prompt) || added != length(spelled) - length(prompt)) {
        throw failure.apply(
            "the answer's tokens do not spell the prompt, so that context and continuation cannot"
                + " be told apart: give the model's tokenizer, and ids are sent");
      }
    }
    int first = 0;
    while (first < count && offsets.get(first).asInt() - added < characters) {
      first++;
    }
    return first;
  }

  /** Code points, which is what servers written in Python count. */
  static int length(CharSequence text) {
    return Character.codePointCount(text, 0, text.length());
  }
}
