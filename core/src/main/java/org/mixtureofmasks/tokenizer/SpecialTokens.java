package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.LenientJson;
import org.mixtureofmasks.io.StrictJson;

/**
 * What the files beside a tokenizer.json say about special tokens.
 *
 * <p>As in transformers 5, whether BOS and EOS are added is decided by tokenizer.json's
 * post-processor alone; {@code add_bos_token} and {@code add_eos_token} of tokenizer_config.json
 * have no say when there is a tokenizer.json (tokenization_utils_base.py drops them).
 *
 * @param bos the token that begins a text, or null
 * @param bosId its id as config.json states it; -1: not stated
 * @param eos the token that ends a text, or null
 * @param eosIds ids that end a text, as generation_config.json and config.json state them
 * @param names the contents of all tokens that are called special, in the order in which
 *     transformers adds those that are no tokens yet
 * @param plain the contents of further added tokens
 */
record SpecialTokens(
    @Nullable String bos,
    int bosId,
    @Nullable String eos,
    Set<Integer> eosIds,
    Set<String> names,
    Set<String> plain) {
  /** Bytes; added_tokens_decoder and a chat template stay far below. */
  private static final long SIZE_LIMIT = 16L << 20;

  /** The file that says most of it. */
  static final String CONFIG = "tokenizer_config.json";

  private static final List<String> ROLES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");
  private static final List<String> EXTRA =
      List.of("additional_special_tokens", "extra_special_tokens");

  static final SpecialTokens NONE = new SpecialTokens(null, -1, null, Set.of(), Set.of(), Set.of());

  /** Reads the files of a model's folder; those that are missing say nothing. */
  static SpecialTokens in(Path folder) {
    JsonNode config = read(folder, CONFIG);
    JsonNode map = read(folder, "special_tokens_map.json");
    if (config.path("split_special_tokens").asBoolean()) {
      throw new BadCheckpoint(
          folder.resolve(CONFIG),
          -1,
          "split_special_tokens true is not supported: special tokens in a text are always whole");
    }
    Set<String> names = new LinkedHashSet<>();
    Set<String> plain = new LinkedHashSet<>();
    for (JsonNode token : byId(config.path("added_tokens_decoder"))) {
      add(token.path("special").asBoolean() ? names : plain, content(token));
    }
    for (String role : ROLES) {
      add(names, role(config, map, role));
    }
    for (String extra : EXTRA) {
      (config.has(extra) ? config : map).path(extra).forEach(token -> add(names, content(token)));
    }
    Set<Integer> eosIds = new TreeSet<>();
    int bosId = -1;
    for (String file : new String[] {"generation_config.json", "config.json"}) {
      JsonNode ids =
          LenientJson.readObject(folder.resolve(file), SIZE_LIMIT)
              .map(JsonNode.class::cast)
              .orElse(MissingNode.getInstance());
      JsonNode eos = ids.path("eos_token_id");
      if (eosIds.isEmpty()) {
        addId(eosIds, eos); // one id, or a list of them
        eos.forEach(id -> addId(eosIds, id));
      }
      JsonNode bos = ids.path("bos_token_id");
      bosId = bosId < 0 && bos.isInt() ? bos.intValue() : bosId;
    }
    return new SpecialTokens(
        role(config, map, "bos_token"),
        bosId,
        role(config, map, "eos_token"),
        eosIds,
        names,
        plain);
  }

  /** The members of an object whose names are ids, ascending. */
  private static List<JsonNode> byId(JsonNode tokens) {
    return tokens.properties().stream()
        .sorted(Comparator.comparingLong(member -> id(member.getKey())))
        .map(Map.Entry::getValue)
        .toList();
  }

  private static long id(String digits) {
    return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : Long.MAX_VALUE;
  }

  private static void addId(Set<Integer> ids, JsonNode id) {
    if (id.isInt() && id.intValue() >= 0) {
      ids.add(id.intValue());
    }
  }

  private static void add(Set<String> names, @Nullable String token) {
    if (token != null) {
      names.add(token);
    }
  }

  private static @Nullable String role(JsonNode config, JsonNode map, String role) {
    return content((config.has(role) ? config : map).path(role));
  }

  /** A token is a string, or an object with its content. */
  private static @Nullable String content(JsonNode token) {
    JsonNode content = token.isObject() ? token.path("content") : token;
    return content.isTextual() ? content.textValue() : null;
  }

  private static JsonNode read(Path folder, String name) {
    Path file = folder.resolve(name);
    return Files.exists(file) ? StrictJson.readObject(file, SIZE_LIMIT) : MissingNode.getInstance();
  }
}
