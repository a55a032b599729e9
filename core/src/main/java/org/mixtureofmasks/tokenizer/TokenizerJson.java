package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * A tokenizer.json that has passed every check, ready for native code: there, a file that is merely
 * unusual can panic, and a panic ends the JVM (huggingface/tokenizers#2094 is one such file).
 *
 * @param text the file, with {@code truncation} and {@code padding} set to null and the special
 *     tokens that the model's other files name among its {@code added_tokens}
 * @param vocabulary its tokens
 * @param firstSpecial the special token that the post-processor puts first, or null
 */
record TokenizerJson(String text, Vocabulary vocabulary, @Nullable String firstSpecial) {
  private static final String MODEL = "model";

  private static final List<String> MEMBERS =
      List.of(
          "version",
          "truncation",
          "padding",
          "added_tokens",
          "normalizer",
          "pre_tokenizer",
          "post_processor",
          "decoder",
          MODEL);

  /** Those that are read as trees. */
  private static final List<String> PARTS = MEMBERS.subList(3, 8);

  /** Those that the library gets as they are written. */
  private static final List<String> KEPT = MEMBERS.subList(4, MEMBERS.size());

  /**
   * Checks a tokenizer.json.
   *
   * @param file named in errors
   * @param bytes the whole file
   * @param named tokens that the model's other files call special, by content
   * @throws BadCheckpoint if it is malformed, or could harm what reads it next
   */
  static TokenizerJson check(Path file, byte[] bytes, Set<String> named) {
    JsonBytes json = new JsonBytes(file, bytes);
    ModelReader model = new ModelReader(file);
    Map<String, JsonBytes.Range> members = json.members(Map.of(MODEL, model::read));
    for (String member : members.keySet()) {
      if (!MEMBERS.contains(member)) {
        throw new BadCheckpoint(
            file,
            members.get(member).start(),
            "has the unknown member '%s'".formatted(JsonBytes.shown(member)));
      }
    }
    if (!members.containsKey(MODEL)) {
      throw new BadCheckpoint(file, -1, "has no member 'model'; it is not a tokenizer.json");
    }
    ObjectNode parts = JsonNodeFactory.instance.objectNode();
    Map<String, String> texts = new HashMap<>();
    for (Map.Entry<String, JsonBytes.Range> member : members.entrySet()) {
      JsonBytes.Range range = member.getValue();
      if (PARTS.contains(member.getKey())) {
        parts.set(member.getKey(), json.tree(range));
      }
      if (KEPT.contains(member.getKey())) {
        texts.put(member.getKey(), json.text(range));
      }
    }
    return assemble(file, model.ids(), parts, named, texts);
  }

  /**
   * Checks what a vocabulary of another kind was turned into.
   *
   * @param file named in errors
   * @param parts the members of the tokenizer.json, but for its model
   * @param model in its own words, which were checked as they were written
   * @throws BadCheckpoint if it could harm what reads it next
   */
  static TokenizerJson of(Path file, ObjectNode parts, ModelText model) {
    Map<String, String> texts = new HashMap<>();
    parts.properties().forEach(part -> texts.put(part.getKey(), part.getValue().toString()));
    texts.put(MODEL, model.text());
    return assemble(file, model.ids(), parts, Set.of(), texts);
  }

  /**
   * @param ids of the model's tokens; added ones join them
   * @param texts of the members, by name
   */
  private static TokenizerJson assemble(
      Path file,
      Map<String, Integer> ids,
      ObjectNode parts,
      Set<String> named,
      Map<String, String> texts) {
    AddedTokens added = new AddedTokens(file, ids, ids.size());
    added.read(part(parts, "added_tokens"));
    added.promote(named);
    @Nullable String[] tokens = byId(file, ids);
    Components components = new Components(file, tokens.length);
    components.normalizer(part(parts, "normalizer"));
    components.preTokenizer(part(parts, "pre_tokenizer"));
    components.decoder(part(parts, "decoder"));
    String first = components.postProcessor(part(parts, "post_processor"));
    // Not Map.copyOf: it probes one place after the other, and pairs of letters, thousands of which
    // share their hashes, then take the square of their number. Nobody else holds the map.
    Vocabulary vocabulary =
        new Vocabulary(
            Collections.unmodifiableMap(ids),
            tokens,
            Set.copyOf(added.special()),
            components.decodesBytes());
    return new TokenizerJson(splice(texts, added.nodes()), vocabulary, first);
  }

  private static @Nullable JsonNode part(ObjectNode parts, String name) {
    JsonNode node = parts.get(name);
    return node == null || node.isNull() ? null : node;
  }

  private static @Nullable String[] byId(Path file, Map<String, Integer> ids) {
    int max = -1;
    for (int id : ids.values()) {
      max = Math.max(max, id);
    }
    // Holes are allowed, but an array must not grow beyond what the file has tokens for.
    if (max + 1L > 2L * ids.size() + 1024) {
      throw new BadCheckpoint(
          file,
          -1,
          "the largest id is %s though there are only %s tokens".formatted(max, ids.size()));
    }
    @Nullable String[] tokens = new @Nullable String[max + 1];
    for (Map.Entry<String, Integer> entry : ids.entrySet()) {
      String other = tokens[entry.getValue()];
      if (other != null) {
        throw new BadCheckpoint(
            file,
            -1,
            "the tokens '%s' and '%s' have the same id %s"
                .formatted(
                    JsonBytes.shown(other), JsonBytes.shown(entry.getKey()), entry.getValue()));
      }
      tokens[entry.getValue()] = entry.getKey();
    }
    return tokens;
  }

  /** The file as it is, but for the three members that are ours to say. */
  private static String splice(Map<String, String> texts, ArrayNode added) {
    ObjectNode ours = JsonNodeFactory.instance.objectNode();
    ours.put("version", "1.0").putNull("truncation").putNull("padding").set("added_tokens", added);
    StringBuilder text = new StringBuilder();
    String head = ours.toString();
    text.append(head, 0, head.length() - 1);
    for (String member : KEPT) {
      text.append(",\"").append(member).append("\":");
      text.append(texts.getOrDefault(member, "null"));
    }
    return text.append('}').toString();
  }
}
