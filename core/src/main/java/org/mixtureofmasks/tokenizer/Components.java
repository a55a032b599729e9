package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Checks the steps before and after the model: known types only, and none of the settings on which
 * the library panics instead of reporting. Member types that merely do not fit are left to the
 * library, which refuses them politely.
 */
final class Components {
  private static final Set<String> NORMALIZERS =
      Set.of(
          "NFC",
          "NFD",
          "NFKC",
          "NFKD",
          "Nmt",
          "Lowercase",
          "Strip",
          "StripAccents",
          "Prepend",
          "ByteLevel",
          "BertNormalizer",
          "Replace",
          "Sequence");
  private static final Set<String> PRE_TOKENIZERS =
      Set.of(
          "ByteLevel",
          "Metaspace",
          "Digits",
          "Punctuation",
          "Whitespace",
          "WhitespaceSplit",
          "BertPreTokenizer",
          "CharDelimiterSplit",
          "UnicodeScripts",
          "Split",
          "Sequence");
  private static final Set<String> DECODERS =
      Set.of(
          "ByteLevel",
          "ByteFallback",
          "Fuse",
          "Metaspace",
          "WordPiece",
          "Strip",
          "Replace",
          "Sequence");
  private static final Set<String> POST_PROCESSORS =
      Set.of("ByteLevel", "TemplateProcessing", "BertProcessing", "RobertaProcessing", "Sequence");

  /** Steps in a row, and how many times longer all replacements together may make a text. */
  private static final int STEPS_LIMIT = 32;

  private static final int GROWTH_LIMIT = 1024;

  /** Characters; they are put before every piece between special tokens. */
  private static final int PREPEND_LIMIT = 64;

  private final Path file;
  private final int tokens;
  private int steps;
  private double growth = 1;
  private boolean decodesBytes;
  private boolean addsTokens;
  private @Nullable String first;

  /**
   * @param tokens one more than the largest id
   */
  Components(Path file, int tokens) {
    this.file = file;
    this.tokens = tokens;
  }

  /** Whether the decoder turns {@code <0xNN>} tokens into bytes. */
  boolean decodesBytes() {
    return decodesBytes;
  }

  void normalizer(@Nullable JsonNode node) {
    each(node, "normalizer", "normalizers", NORMALIZERS);
  }

  void preTokenizer(@Nullable JsonNode node) {
    each(node, "pre_tokenizer", "pretokenizers", PRE_TOKENIZERS);
  }

  void decoder(@Nullable JsonNode node) {
    growth = 1;
    each(node, "decoder", "decoders", DECODERS);
  }

  /** Returns the special token that comes first in every encoding, or null. */
  @Nullable String postProcessor(@Nullable JsonNode node) {
    each(node, "post_processor", "processors", POST_PROCESSORS);
    return first;
  }

  private void each(@Nullable JsonNode node, String what, String list, Set<String> known) {
    if (node == null) {
      return;
    }
    String type = node.path("type").asText();
    if (!node.isObject() || !known.contains(type)) {
      throw bad(
          "the %s type '%s' is not supported; %s are"
              .formatted(what, JsonBytes.shown(type), known));
    }
    if (++steps > STEPS_LIMIT) {
      throw bad("has more than %s steps around the model".formatted(STEPS_LIMIT));
    }
    switch (type) {
      case "Sequence" -> {
        if (!node.path(list).isArray()) {
          throw bad("a %s Sequence has no array '%s'".formatted(what, list));
        }
        node.get(list).forEach(inner -> each(inner, what, list, known));
      }
      case "Replace" -> replace(node);
      case "Prepend" -> {
        if (node.path("prepend").asText().length() > PREPEND_LIMIT) {
          throw bad("a Prepend is longer than %s characters".formatted(PREPEND_LIMIT));
        }
      }
      case "Split" -> regex(node.path("pattern").path("Regex"));
      case "ByteFallback" -> decodesBytes = true;
      case "Strip" -> {
        // The Strip decoder's `stop` indexes before the start of a short token: a panic.
        if (what.equals("decoder")
            && !(node.path("stop").isInt() && node.path("stop").intValue() == 0)) {
          throw bad("a Strip decoder's 'stop' is not 0");
        }
      }
      case "TemplateProcessing" -> {
        addsTokens();
        template(node);
      }
      case "BertProcessing", "RobertaProcessing" -> {
        addsTokens();
        id(node.path("sep").path(1));
        id(node.path("cls").path(1));
        first = first == null ? node.path("cls").path(0).asText() : first;
      }
      default -> {}
    }
  }

  /** A second step of this kind would meet three pieces, for which the library has a todo!(). */
  private void addsTokens() {
    if (addsTokens) {
      throw bad("two steps of the post-processor add special tokens");
    }
    addsTokens = true;
  }

  private void replace(JsonNode node) {
    String content = node.path("content").asText();
    JsonNode pattern = node.path("pattern").path("String");
    regex(node.path("pattern").path("Regex"));
    if (pattern.isTextual() && pattern.textValue().isEmpty()) {
      throw bad("a Replace replaces nothing"); // the library would match between characters
    }
    int least = pattern.isTextual() ? pattern.textValue().length() : 1;
    growth *= Math.max(1, (double) content.length() / least);
    if (growth > GROWTH_LIMIT) {
      throw bad("the replacements could make a text %s times longer".formatted(GROWTH_LIMIT));
    }
  }

  private void regex(JsonNode pattern) {
    if (pattern.isTextual()) {
      String fault = SafeRegex.fault(pattern.textValue());
      if (fault != null) {
        throw bad("the pattern '%s' %s".formatted(JsonBytes.shown(pattern.textValue()), fault));
      }
    }
  }

  /** The library looks the template's tokens up without asking whether they are there. */
  private void template(JsonNode node) {
    JsonNode special = node.path("special_tokens");
    for (String member : new String[] {"single", "pair"}) {
      for (JsonNode piece : node.path(member)) {
        JsonNode token = piece.path("SpecialToken").path("id");
        if (token.isTextual() && !special.has(token.textValue())) {
          throw bad(
              "the template uses '%s' without its ids"
                  .formatted(JsonBytes.shown(token.textValue())));
        }
        if (member.equals("single") && piece.path("Sequence").path("id").asText().equals("B")) {
          throw bad("the template for one text asks for a second one");
        }
      }
    }
    for (JsonNode token : special) {
      if (token.path("ids").size() != token.path("tokens").size()) {
        throw bad("a special token of the template has not as many ids as tokens");
      }
      token.path("ids").forEach(this::id);
    }
    JsonNode head = node.path("single").path(0).path("SpecialToken").path("id");
    JsonNode names = special.path(head.asText()).path("tokens");
    if (first == null && head.isTextual() && names.path(0).isTextual()) {
      first = names.get(0).textValue();
    }
  }

  private void id(JsonNode id) {
    if (!id.isInt() || id.intValue() < 0 || id.intValue() >= tokens) {
      throw bad(
          "the post-processor adds the id %s; no token has it"
              .formatted(JsonBytes.shown(id.toString())));
    }
  }

  private BadCheckpoint bad(String reason) {
    return new BadCheckpoint(file, -1, reason);
  }
}
