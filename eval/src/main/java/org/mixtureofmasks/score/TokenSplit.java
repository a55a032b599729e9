package org.mixtureofmasks.score;

import java.util.Arrays;
import java.util.function.IntSupplier;
import org.mixtureofmasks.template.PythonText;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Tokens of a context and its continuation by the rules of lm-evaluation-harness. */
final class TokenSplit {
  /**
   * @param whole ids of both
   * @param context how many of them are the context's
   */
  record Parts(int[] whole, int context) {}

  private final Tokenizer tokenizer;

  TokenSplit(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * @param prefixToken what stands for an empty context
   */
  Parts of(LanguageModel.Request request, IntSupplier prefixToken) {
    if (request.context().isEmpty()) {
      int prefix = prefixToken.getAsInt();
      int[] continuation = tokenizer.encode(request.continuation(), false);
      // A continuation that begins with that token itself has its context already.
      return continuation.length > 0 && continuation[0] == prefix
          ? new Parts(continuation, 1)
          : new Parts(concatenate(new int[] {prefix}, continuation), 1);
    }
    // Tokens like to begin with a space, so spaces that end the context go to the continuation.
    int[] context = tokenizer.encode(PythonText.stripTrailing(request.context()));
    int[] whole = tokenizer.encode(request.context() + request.continuation());
    // Where a token spans both, the model reads the context's own tokens all the same.
    int[] continuation =
        Arrays.copyOfRange(whole, Math.min(context.length, whole.length), whole.length);
    return new Parts(concatenate(context, continuation), context.length);
  }

  static int[] concatenate(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
