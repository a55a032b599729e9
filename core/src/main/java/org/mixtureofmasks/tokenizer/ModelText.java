package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * Writes the model of a tokenizer.json, byte-pair encoding, whose vocabulary and merges are most of
 * the file: a tree of them would take ten times the text, and the time to the first token.
 */
final class ModelText {
  private static final JsonStringEncoder QUOTING = JsonStringEncoder.getInstance();

  private final Map<String, Integer> ids;
  private final StringBuilder text = new StringBuilder();
  private boolean merges;

  /**
   * @param settings all members but the vocabulary and the merges
   * @param tokens by id
   * @param ids of the tokens
   */
  ModelText(ObjectNode settings, String[] tokens, Map<String, Integer> ids) {
    this.ids = ids;
    String head = settings.toString();
    text.append(head, 0, head.length() - 1).append(",\"vocab\":{");
    for (int id = 0; id < tokens.length; id++) {
      if (id > 0) {
        text.append(',');
      }
      quote(tokens[id]);
      text.append(':').append(id);
    }
    text.append("},\"merges\":[");
  }

  /** The id of each token. */
  Map<String, Integer> ids() {
    return ids;
  }

  /** Adds the next merge, of two tokens to a third. */
  void merge(String left, String right) {
    text.append(merges ? ",[" : "[");
    quote(left);
    text.append(',');
    quote(right);
    text.append(']');
    merges = true;
  }

  /** The whole; nothing can be added then. */
  String text() {
    return text.append("]}").toString();
  }

  private void quote(String token) {
    text.append('"');
    QUOTING.quoteAsString(token, text);
    text.append('"');
  }
}
