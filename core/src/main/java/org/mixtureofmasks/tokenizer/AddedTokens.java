package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The tokens that are found in a text before anything else, whole. The library gives a new one the
 * next free id, whatever id the file states: a file where the two differ is refused here.
 */
final class AddedTokens {
  private static final List<String> FLAGS =
      List.of("single_word", "lstrip", "rstrip", "normalized", "special");

  private final Path file;
  private final Map<String, Integer> ids;
  private final int modelSize;
  private final ArrayNode nodes = JsonNodeFactory.instance.arrayNode();
  private final Map<String, ObjectNode> byContent = new HashMap<>();
  private final Set<Integer> special = new HashSet<>();
  private int largest = -1;

  /**
   * @param ids the model's vocabulary; new tokens are put into it
   * @param modelSize the number of tokens of the model alone
   */
  AddedTokens(Path file, Map<String, Integer> ids, int modelSize) {
    this.file = file;
    this.ids = ids;
    this.modelSize = modelSize;
  }

  /** The list as the library shall have it. */
  ArrayNode nodes() {
    return nodes;
  }

  /** Ids of tokens that decoding can leave out. */
  Set<Integer> special() {
    return special;
  }

  /** Takes the file's own {@code added_tokens}, which may be null. */
  void read(@Nullable JsonNode list) {
    if (list == null) {
      return;
    }
    if (!list.isArray()) {
      throw bad("'added_tokens' is not an array");
    }
    for (JsonNode token : list) {
      if (!token.path("content").isTextual()
          || token.path("content").textValue().isEmpty()
          || !token.path("id").isInt()) {
        throw bad("an added token has no content or no id");
      }
      for (String flag : FLAGS) {
        if (!token.path(flag).isBoolean()) {
          throw bad(
              "the added token '%s' does not say whether it is %s".formatted(shown(token), flag));
        }
      }
      add((ObjectNode) token);
    }
  }

  private void add(ObjectNode token) {
    String content = token.get("content").textValue();
    int id = token.get("id").intValue();
    int given = given(content);
    if (id != given) {
      throw bad(
          "the added token '%s' states the id %s but gets %s".formatted(shown(token), id, given));
    }
    if (byContent.put(content, token) != null) {
      throw bad("the added token '%s' occurs twice".formatted(shown(token)));
    }
    largest = Math.max(largest, id);
    ids.put(content, id);
    nodes.add(token);
    if (token.get("special").booleanValue()) {
      special.add(id);
    }
  }

  /**
   * Makes tokens special that the model's other files name, as transformers does: an added token
   * becomes special, a plain one becomes an added one, and what is no token yet gets the next id.
   */
  void promote(Set<String> named) {
    for (String content : named) {
      Integer id = ids.get(content);
      if (content.isEmpty() || id != null && special.contains(id)) {
        continue;
      }
      ObjectNode known = byContent.get(content);
      if (id != null && known != null) {
        known.put("special", true);
        special.add(id);
      } else {
        ObjectNode token = nodes.objectNode().put("id", given(content)).put("content", content);
        FLAGS.forEach(flag -> token.put(flag, flag.equals("special")));
        add(token);
      }
    }
  }

  /**
   * The library's rule (added_vocabulary.rs): the model's id, else one after the largest so far.
   */
  private int given(String content) {
    Integer known = ids.get(content);
    return known != null ? known : largest >= modelSize ? largest + 1 : modelSize;
  }

  private static String shown(JsonNode token) {
    return JsonBytes.shown(token.get("content").textValue());
  }

  private BadCheckpoint bad(String reason) {
    return new BadCheckpoint(file, -1, reason);
  }
}
