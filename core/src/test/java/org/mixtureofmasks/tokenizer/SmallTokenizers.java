package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Small tokenizer.json files of every model type, with every step that is supported. */
final class SmallTokenizers {
  static final ObjectMapper MAPPER = new ObjectMapper();

  private SmallTokenizers() {}

  /** Byte-level BPE as in GPT-2, with a regular expression and a template. */
  static ObjectNode byteLevel() {
    return parse(
        """
        {"version": "1.0", "truncation": null, "padding": null,
         "added_tokens": [
          {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false,
           "normalized": false, "special": true},
          {"id": 9, "content": "<new>", "single_word": false, "lstrip": false, "rstrip": false,
           "normalized": true, "special": false}],
         "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
          {"type": "Replace", "pattern": {"Regex": "x+"}, "content": "b"}]},
         "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
          {"type": "Digits", "individual_digits": true},
          {"type": "Split", "pattern": {"Regex": "[a-b]+|c"}, "behavior": "Isolated",
           "invert": false},
          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
           "use_regex": true}]},
         "post_processor": {"type": "Sequence", "processors": [
          {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false,
           "use_regex": true},
          {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                      {"Sequence": {"id": "A", "type_id": 0}}],
           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
           "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}}]},
         "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
          "use_regex": true},
         "model": {"type": "BPE", "dropout": null, "unk_token": null,
          "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
          "byte_fallback": false, "ignore_merges": false,
          "vocab": {"<s>": 0, "a": 1, "b": 2, "c": 3, "Ġ": 4, "ab": 5, "abc": 6, "Ġa": 7,
           "Ġabc": 8},
          "merges": [["a", "b"], ["ab", "c"], ["Ġ", "a"], ["Ġ", "abc"]]}}""");
  }

  /** BPE over code points with byte fallback, as in Llama 2. */
  static ObjectNode byteFallback() {
    ObjectNode json =
        parse(
            """
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [
              {"id": 0, "content": "<unk>", "single_word": false, "lstrip": true, "rstrip": true,
               "normalized": false, "special": true}],
             "normalizer": {"type": "Sequence", "normalizers": [
              {"type": "Prepend", "prepend": "▁"},
              {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
             "pre_tokenizer": null,
             "post_processor": {"type": "BertProcessing", "sep": ["<unk>", 0], "cls": ["a", 1]},
             "decoder": {"type": "Sequence", "decoders": [
              {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
              {"type": "ByteFallback"}, {"type": "Fuse"},
              {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
             "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>",
              "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true,
              "byte_fallback": true,
              "vocab": {"<unk>": 0, "a": 1, "b": 2, "▁": 3, "ab": 4, "▁ab": 5},
              "merges": ["a b", "▁ ab"]}}""");
    ObjectNode vocabulary = (ObjectNode) json.at("/model/vocab");
    for (int b = 0; b < 256; b++) {
      vocabulary.put("<0x%02X>".formatted(b), 6 + b);
    }
    return json;
  }

  static ObjectNode unigram() {
    return with(
        """
        {"type": "Unigram", "unk_id": 0, "byte_fallback": false,
         "vocab": [["<unk>", 0.0], ["▁", -2.5], ["a", -1.5], ["ab", -1], ["b", -3]]}""",
        """
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}""",
        """
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}""");
  }

  static ObjectNode wordPiece() {
    return with(
        """
        {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
         "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "##b": 2, "ab": 3}}""",
        """
        {"type": "BertPreTokenizer"}""",
        """
        {"type": "WordPiece", "prefix": "##", "cleanup": true}""");
  }

  static ObjectNode wordLevel() {
    return with(
        """
        {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "a": 1, "ab": 2}}""",
        """
        {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"},
         {"type": "Punctuation", "behavior": "Removed"}]}""",
        "null");
  }

  static List<ObjectNode> all() {
    return List.of(byteLevel(), byteFallback(), unigram(), wordPiece(), wordLevel());
  }

  private static ObjectNode with(String model, String preTokenizer, String decoder) {
    return parse(
        "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, \"added_tokens\": [],"
            + " \"normalizer\": {\"type\": \"BertNormalizer\", \"clean_text\": true,"
            + " \"handle_chinese_chars\": true, \"strip_accents\": null, \"lowercase\": true},"
            + " \"post_processor\": null, \"pre_tokenizer\": "
            + preTokenizer
            + ", \"decoder\": "
            + decoder
            + ", \"model\": "
            + model
            + "}");
  }

  static ObjectNode parse(String json) {
    return (ObjectNode) value(json);
  }

  static JsonNode value(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] bytes(JsonNode json) {
    try {
      return MAPPER.writeValueAsBytes(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
