package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Reads and checks the {@code model} of a tokenizer.json: BPE, Unigram, WordPiece or WordLevel.
 * Vocabulary and merges are streamed; they are most of the file.
 */
final class ModelReader {
  /** No vocabulary has 16 million tokens; ids beyond are a fault or an attack. */
  static final int ID_LIMIT = 1 << 24;

  /** Rust tries every substring of a word up to this length (WordPiece). */
  private static final int WORD_LIMIT = 1000;

  private static final int AFFIX_LIMIT = 64;

  private final Path file;
  private long start;
  private boolean object;

  private final Map<String, Integer> ids = new LinkedHashMap<>();
  private final Map<String, Object> settings = new HashMap<>();
  private @Nullable List<String[]> merges;
  private boolean listed; // the vocabulary is an array of [token, score], as Unigram's is
  private boolean vocabulary;

  ModelReader(Path file) {
    this.file = file;
  }

  /** Reads the member, once; what its parts say of each other {@link #ids} looks at. */
  void read(JsonParser in) throws IOException {
    start = in.currentTokenLocation().getByteOffset();
    object = in.currentToken() == JsonToken.START_OBJECT;
    if (!object) {
      in.skipChildren(); // first it is to be JSON
      return;
    }
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      member(in, in.currentName());
    }
  }

  /** The id of each token of the model that was read, which is checked. */
  Map<String, Integer> ids() {
    if (!object) {
      throw bad("'model' is not an object");
    }
    check();
    return ids;
  }

  /** Whether a merge of two tokens is a third, as Rust expects without looking. */
  static boolean joins(Map<String, Integer> ids, String prefix, String left, String right) {
    // Rust cuts the prefix off by length: shorter text, or half a character, is a panic.
    return !left.isEmpty()
        && !right.isEmpty()
        && right.startsWith(prefix)
        && ids.containsKey(left)
        && ids.containsKey(right)
        && ids.containsKey(left.concat(right.substring(prefix.length())));
  }

  static String noMerge(String left, String right) {
    return "the merge '%s' + '%s' does not join two tokens into a third"
        .formatted(JsonBytes.shown(left), JsonBytes.shown(right));
  }

  private void member(JsonParser in, String name) throws IOException {
    JsonToken value = in.nextToken();
    if (name.equals("vocab")) {
      if (vocabulary) {
        throw bad(in, "'model' has two vocabularies");
      }
      vocabulary = true;
      listed = value == JsonToken.START_ARRAY;
      if (listed) {
        scores(in);
      } else {
        names(in);
      }
    } else if (name.equals("merges")) {
      if (merges != null) {
        throw bad(in, "'model' has two lists of merges");
      }
      merges = merges(in);
    } else {
      Object setting =
          switch (value) {
            case VALUE_NULL -> "";
            case VALUE_STRING -> in.getText();
            case VALUE_TRUE, VALUE_FALSE -> in.getBooleanValue();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> in.getDoubleValue();
            default ->
                throw bad(in, "the model's '%s' has a wrong type".formatted(JsonBytes.shown(name)));
          };
      if (settings.put(name, setting) != null) {
        throw bad(in, "the model's '%s' occurs twice".formatted(JsonBytes.shown(name)));
      }
    }
  }

  /** {"token": id, ...} */
  private void names(JsonParser in) throws IOException {
    if (in.currentToken() != JsonToken.START_OBJECT) {
      throw bad(in, "the vocabulary is neither an object nor an array");
    }
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String token = in.currentName();
      if (in.nextToken() != JsonToken.VALUE_NUMBER_INT) {
        throw bad(in, "the id of '%s' is not a whole number".formatted(JsonBytes.shown(token)));
      }
      // Of any size, so that the type is asked for first.
      int id = in.getNumberType() == JsonParser.NumberType.INT ? in.getIntValue() : -1;
      if (id < 0 || id >= ID_LIMIT) {
        throw bad(
            in, "the id of '%s' is not in 0..%s".formatted(JsonBytes.shown(token), ID_LIMIT - 1));
      }
      put(in, token, id);
    }
  }

  /** [["token", score], ...]; the place is the id. */
  private void scores(JsonParser in) throws IOException {
    while (in.nextToken() != JsonToken.END_ARRAY) {
      if (in.currentToken() != JsonToken.START_ARRAY || in.nextToken() != JsonToken.VALUE_STRING) {
        throw bad(in, "an entry of the vocabulary is not [token, score]");
      }
      String token = in.getText();
      if (!in.nextToken().isNumeric()
          || !Double.isFinite(in.getDoubleValue())
          || in.nextToken() != JsonToken.END_ARRAY) {
        throw bad(in, "the score of '%s' is not a finite number".formatted(JsonBytes.shown(token)));
      }
      if (token.isEmpty()) {
        throw bad(in, "the vocabulary has an empty token"); // matches everywhere: no progress
      }
      put(in, token, ids.size());
    }
  }

  private void put(JsonParser in, String token, int id) {
    if (ids.put(token, id) != null) {
      throw bad(in, "the token '%s' occurs twice".formatted(JsonBytes.shown(token)));
    }
  }

  /** ["a b", ...] or [["a", "b"], ...]. */
  private List<String[]> merges(JsonParser in) throws IOException {
    if (in.currentToken() != JsonToken.START_ARRAY) {
      throw bad(in, "'merges' is not an array");
    }
    List<String[]> pairs = new ArrayList<>();
    while (in.nextToken() != JsonToken.END_ARRAY) {
      if (in.currentToken() == JsonToken.VALUE_STRING) {
        String pair = in.getText();
        int space = pair.indexOf(' ');
        if (space < 0 || pair.indexOf(' ', space + 1) >= 0) {
          throw bad(in, "the merge '%s' is not two tokens".formatted(JsonBytes.shown(pair)));
        }
        pairs.add(new String[] {pair.substring(0, space), pair.substring(space + 1)});
      } else if (in.currentToken() == JsonToken.START_ARRAY) {
        String[] pair = new String[2];
        for (int i = 0; i < 2; i++) {
          if (in.nextToken() != JsonToken.VALUE_STRING) {
            throw bad(in, "a merge is not two tokens");
          }
          pair[i] = in.getText();
        }
        if (in.nextToken() != JsonToken.END_ARRAY) {
          throw bad(in, "a merge is not two tokens");
        }
        pairs.add(pair);
      } else {
        throw bad(in, "a merge is not two tokens");
      }
    }
    return pairs;
  }

  private void check() {
    // Files of before 2021 do not name the type; the ones with merges are BPE.
    String type = settings.containsKey("type") ? text("type") : merges == null ? "" : "BPE";
    if (!vocabulary) {
      throw bad("'model' has no vocabulary");
    }
    if (listed != type.equals("Unigram")) {
      throw bad("the vocabulary of a %s has the wrong shape".formatted(JsonBytes.shown(type)));
    }
    // Rust copies them for every piece that it tries.
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (text(affix).length() > AFFIX_LIMIT) {
        throw bad("'%s' is longer than %s characters".formatted(affix, AFFIX_LIMIT));
      }
    }
    switch (type) {
      case "BPE" -> bpe();
      case "Unigram" -> unigram();
      case "WordPiece" -> {
        unknown(true);
        if (number("max_input_chars_per_word", 100) > WORD_LIMIT) {
          throw bad("max_input_chars_per_word is above %s".formatted(WORD_LIMIT));
        }
      }
      case "WordLevel" -> unknown(true);
      default ->
          throw bad(
              "the model type '%s' is unknown; BPE, Unigram, WordPiece and WordLevel are read"
                  .formatted(JsonBytes.shown(type)));
    }
  }

  private void bpe() {
    if (merges == null) {
      throw bad("a BPE model has no merges");
    }
    unknown(false);
    if (number("dropout", 0) != 0) {
      throw bad("dropout makes the ids random; set it to null");
    }
    String prefix = text("continuing_subword_prefix");
    for (String[] pair : merges) {
      if (!joins(ids, prefix, pair[0], pair[1])) {
        throw bad(noMerge(pair[0], pair[1]));
      }
    }
  }

  private void unigram() {
    if (ids.isEmpty()) {
      throw bad("the vocabulary is empty");
    }
    Object unknown = settings.getOrDefault("unk_id", "");
    if (!unknown.equals("")
        && !(unknown instanceof Double id && id >= 0 && id < ids.size() && id == Math.rint(id))) {
      throw bad("unk_id is %s; no token has it".formatted(JsonBytes.shown(unknown.toString())));
    }
  }

  /** The unknown token must be a token: Rust looks for it only when it meets unknown text. */
  private void unknown(boolean required) {
    String token = text("unk_token");
    if (token.isEmpty() ? required : !ids.containsKey(token)) {
      throw bad("unk_token '%s' is not in the vocabulary".formatted(JsonBytes.shown(token)));
    }
  }

  private String text(String name) {
    if (settings.getOrDefault(name, "") instanceof String value) {
      return value;
    }
    throw bad("the model's '%s' is not a string".formatted(name));
  }

  private double number(String name, double otherwise) {
    Object value = settings.getOrDefault(name, otherwise);
    if (value instanceof Double number) {
      return number;
    }
    if (value.equals("")) {
      return otherwise;
    }
    throw bad("the model's '%s' is not a number".formatted(name));
  }

  private BadCheckpoint bad(JsonParser in, String reason) {
    return new BadCheckpoint(file, in.currentTokenLocation().getByteOffset(), reason);
  }

  private BadCheckpoint bad(String reason) {
    return new BadCheckpoint(file, start, reason);
  }
}
