package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Which tokens an expert is chosen for more often than for others. */
final class Preferences {
  /** Experts of a layer that are listed. */
  static final int EXPERTS = 16;

  /** Tokens that are listed. */
  static final int TOKENS = 10;

  /** Times that a token must be seen to be listed. */
  static final int FEWEST = 5;

  private Preferences() {}

  /**
   * A token id with an expert.
   *
   * @param count times that the token chose the expert
   * @param lift share of the token among the expert's tokens over its share among all choices of
   *     the layer: above 1 it is drawn to the expert
   */
  record Token(int id, int count, double lift) {}

  /**
   * The tokens that an expert prefers.
   *
   * @return by lift, then by count, at most ten, of those that chose the expert at least five times
   */
  static List<Token> of(LayerTally layer, int expert) {
    long[] counts = layer.counts();
    long all = Arrays.stream(counts).sum();
    List<Token> tokens = new ArrayList<>();
    for (Map.Entry<Integer, int[]> entry : layer.byToken().entrySet()) {
      int count = entry.getValue()[expert];
      if (count >= FEWEST) {
        double ofToken = Arrays.stream(entry.getValue()).sum();
        double lift = (double) count / counts[expert] / (ofToken / all);
        tokens.add(new Token(entry.getKey(), count, lift));
      }
    }
    tokens.sort(
        Comparator.comparingDouble((Token t) -> -t.lift)
            .thenComparingInt(t -> -t.count)
            .thenComparingInt(Token::id));
    return tokens.subList(0, Math.min(TOKENS, tokens.size()));
  }

  /** The experts of a layer with the most tokens, ascending. */
  static int[] listed(LayerTally layer) {
    long[] counts = layer.counts();
    return IntStream.range(0, counts.length)
        .boxed()
        .sorted(Comparator.comparingLong(e -> -counts[e]))
        .limit(EXPERTS)
        .mapToInt(e -> e)
        .sorted()
        .toArray();
  }

  /** Adds an object for each listed expert of a layer; without a tokenizer there are only ids. */
  static void write(int l, LayerTally layer, Optional<TokenTexts> texts, ArrayNode to) {
    for (int e : listed(layer)) {
      ObjectNode expert = to.addObject().put("layer", l).put("expert", e);
      ArrayNode tokens = expert.putArray("tokens");
      for (Token t : of(layer, e)) {
        TokenTexts.add(t.id, texts, tokens)
            .put("count", t.count)
            .put("lift", Numbers.rounded(t.lift));
      }
      texts.ifPresent(x -> contexts(layer.contexts(e), x, expert.putArray("contexts")));
    }
  }

  private static void contexts(Contexts contexts, TokenTexts texts, ArrayNode to) {
    for (Contexts.Occurrence place : contexts.occurrences()) {
      TokenTexts.Context context = texts.around(place.sequence(), place.position());
      ObjectNode node = to.addObject().put("text", context.text());
      node.putArray("position").add(context.from()).add(context.to());
      node.put("probability", Numbers.rounded(place.probability()));
    }
  }
}
