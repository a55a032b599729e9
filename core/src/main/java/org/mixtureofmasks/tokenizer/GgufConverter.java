package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.io.BadCheckpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the tokenizer.json that a vocabulary of tokens, scores and merges stands for. */
final class GgufConverter {
  private static final Logger LOG = LoggerFactory.getLogger(GgufConverter.class);
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** Code points; splitting a token everywhere takes the square of its length. */
  private static final int TOKEN_LIMIT = 1024;

  private static final String SPACE = "\u2581";

  private final GgufVocabulary gguf;
  private final Map<String, Integer> ids;

  private GgufConverter(GgufVocabulary gguf) {
    this.gguf = gguf;
    this.ids = HashMap.newHashMap(gguf.tokens().length);
  }

  /**
   * The tokenizer.json of a vocabulary.
   *
   * @throws BadCheckpoint if its parts do not fit together
   */
  static TokenizerJson convert(GgufVocabulary gguf) {
    return new GgufConverter(gguf).convert();
  }

  private TokenizerJson convert() {
    check();
    ObjectNode json = JSON.objectNode();
    json.set("added_tokens", addedTokens());
    ModelText model =
        switch (gguf.model()) {
          case "llama" -> sentencePiece(json);
          case "gpt2" -> byteLevel(json);
          default ->
              throw bad(
                  "has the tokenizer model '%s'; llama and gpt2 are read".formatted(gguf.model()));
        };
    return TokenizerJson.of(gguf.file(), json, model);
  }

  private void check() {
    int n = gguf.tokens().length;
    if (gguf.types() != null && gguf.types().length != n) {
      throw bad("has %s tokens but %s token types".formatted(n, gguf.types().length));
    }
    for (int id = 0; id < n; id++) {
      String token = gguf.tokens()[id];
      if (token.codePointCount(0, token.length()) > TOKEN_LIMIT) {
        throw bad("token %s is longer than %s characters".formatted(id, TOKEN_LIMIT));
      }
      if (ids.put(token, id) != null) {
        throw bad("has the token '%s' twice".formatted(JsonBytes.shown(token)));
      }
      if (gguf.type(id) == GgufVocabulary.BYTE && Vocabulary.byteOf(token) < 0) {
        throw bad("token %s is to be a byte but reads '%s'".formatted(id, JsonBytes.shown(token)));
      }
    }
    id("bos_token_id", gguf.bos());
    id("eos_token_id", gguf.eos());
    id("unknown_token_id", gguf.unknown());
    gguf.ends().forEach(id -> id("a token that ends texts", id));
  }

  private void id(String name, int id) {
    if (id < -1 || id >= gguf.tokens().length) {
      throw bad("%s is %s though there are %s tokens".formatted(name, id, gguf.tokens().length));
    }
  }

  private ArrayNode addedTokens() {
    ArrayNode added = JSON.arrayNode();
    for (int id = 0; id < gguf.tokens().length; id++) {
      int type = gguf.type(id);
      boolean special = type == GgufVocabulary.CONTROL || type == GgufVocabulary.UNKNOWN;
      if ((special || type == GgufVocabulary.USER_DEFINED) && !gguf.tokens()[id].isEmpty()) {
        ObjectNode token = added.addObject();
        token.put("id", id).put("content", gguf.tokens()[id]).put("single_word", false);
        token.put("lstrip", false).put("rstrip", false).put("normalized", false);
        token.put("special", special);
      }
    }
    return added;
  }

  /** As transformers' LlamaConverter: spaces become U+2581, pairs merge in the order of scores. */
  private ModelText sentencePiece(ObjectNode json) {
    if (gguf.scores() == null || gguf.scores().length != gguf.tokens().length) {
      throw bad("has not as many scores as tokens");
    }
    boolean prefix = !Boolean.FALSE.equals(gguf.addSpacePrefix());
    ArrayNode normalizers = JSON.arrayNode();
    if (prefix) {
      normalizers.addObject().put("type", "Prepend").put("prepend", SPACE);
    }
    normalizers.add(replace(" ", SPACE));
    json.set("normalizer", sequence("normalizers", normalizers));
    json.putNull("pre_tokenizer");
    json.set("post_processor", template(!Boolean.FALSE.equals(gguf.addBos())));
    ArrayNode decoders = JSON.arrayNode().add(replace(SPACE, " "));
    decoders.addObject().put("type", "ByteFallback");
    decoders.addObject().put("type", "Fuse");
    if (prefix) {
      ObjectNode strip = decoders.addObject();
      strip.put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
    json.set("decoder", sequence("decoders", decoders));
    ObjectNode settings = model();
    settings.put("unk_token", gguf.unknown() < 0 ? null : gguf.tokens()[gguf.unknown()]);
    settings.put("fuse_unk", true).put("byte_fallback", true).put("ignore_merges", false);
    ModelText model = new ModelText(settings, gguf.tokens(), ids);
    mergesByScore().forEach(m -> merge(model, m.left(), m.right()));
    return model;
  }

  private void merge(ModelText model, String left, String right) {
    if (!ModelReader.joins(ids, "", left, right)) {
      throw bad(ModelReader.noMerge(left, right));
    }
    model.merge(left, right);
  }

  private record Merge(String left, String right, float score) {}

  /**
   * Every way in which a piece is two shorter pieces, the best score first. SentencePiece merges
   * the neighbours whose union scores best, the leftmost first; by ranks that is the same, but for
   * unions of equal score.
   */
  private List<Merge> mergesByScore() {
    float[] scores = Objects.requireNonNull(gguf.scores()); // sentencePiece() looked
    List<Merge> merges = new ArrayList<>();
    for (int id = 0; id < gguf.tokens().length; id++) {
      float score = scores[id];
      if (Float.isNaN(score)) {
        throw bad("the score of token %s is not a number".formatted(id));
      }
      if (gguf.type(id) != GgufVocabulary.NORMAL) {
        continue; // control and byte tokens are never the outcome of a merge
      }
      String token = gguf.tokens()[id];
      List<Merge> splits = new ArrayList<>();
      for (int at = 1; at < token.length(); at++) {
        if (Character.isLowSurrogate(token.charAt(at))) {
          continue;
        }
        String left = token.substring(0, at);
        String right = token.substring(at);
        if (normal(left) && normal(right)) {
          splits.add(new Merge(left, right, score));
        }
      }
      splits.sort(
          Comparator.<Merge>comparingInt(m -> ids.get(m.left()))
              .thenComparing(m -> ids.get(m.right())));
      merges.addAll(splits);
    }
    // transformers' generate_merges: by score, then by the pieces' lengths, all descending.
    merges.sort(
        Comparator.comparingDouble(Merge::score)
            .thenComparingInt(m -> m.left().codePointCount(0, m.left().length()))
            .thenComparingInt(m -> m.right().codePointCount(0, m.right().length()))
            .reversed());
    return merges;
  }

  private boolean normal(String token) {
    Integer id = ids.get(token);
    return id != null && gguf.type(id) == GgufVocabulary.NORMAL;
  }

  private ModelText byteLevel(ObjectNode json) {
    String pre = gguf.pre() == null || gguf.pre().isEmpty() ? "default" : gguf.pre();
    if (pre.equals("default")) {
      // llama.cpp takes the same patterns and says GENERATION QUALITY WILL BE DEGRADED.
      LOG.warn(
          "{}: does not name its pre-tokenizer, so ids may differ from those of the training;"
              + " pass the model's tokenizer.json with --tokenizer FILE",
          gguf.file());
    }
    List<String> patterns = PreTokenizers.patterns(pre);
    if (patterns == null) {
      throw bad(
          "has the pre-tokenizer '%s'; known are %s: give the model's tokenizer.json instead"
              .formatted(JsonBytes.shown(pre), PreTokenizers.names()));
    }
    if (gguf.merges() == null) {
      throw bad("has no tokenizer.ggml.merges");
    }
    json.putNull("normalizer");
    ArrayNode steps = JSON.arrayNode();
    for (String pattern : patterns) {
      ObjectNode split = steps.addObject().put("type", "Split");
      split.putObject("pattern").put("Regex", pattern);
      split.put("behavior", "Isolated").put("invert", false);
    }
    steps.add(byteLevelStep());
    json.set("pre_tokenizer", sequence("pretokenizers", steps));
    boolean whole = PreTokenizers.wholePieces(pre);
    json.set("post_processor", template(gguf.addBos() == null ? whole : gguf.addBos()));
    json.set("decoder", byteLevelStep());
    ObjectNode settings = model();
    settings.putNull("unk_token").put("fuse_unk", false).put("byte_fallback", false);
    settings.put("ignore_merges", whole);
    ModelText model = new ModelText(settings, gguf.tokens(), ids);
    for (String merge : gguf.merges()) {
      // Pieces may hold spaces in neither half; a leading one is half a pair of its own.
      int space = merge.indexOf(' ', 1);
      if (space < 0) {
        throw bad("the merge '%s' is not two tokens".formatted(JsonBytes.shown(merge)));
      }
      merge(model, merge.substring(0, space), merge.substring(space + 1));
    }
    return model;
  }

  private static ObjectNode byteLevelStep() {
    ObjectNode step = JSON.objectNode().put("type", "ByteLevel").put("add_prefix_space", false);
    return step.put("trim_offsets", true).put("use_regex", false);
  }

  private static ObjectNode model() {
    ObjectNode model = JSON.objectNode().put("type", "BPE").putNull("dropout");
    return model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
  }

  private static ObjectNode replace(String from, String to) {
    ObjectNode replace = JSON.objectNode().put("type", "Replace");
    replace.putObject("pattern").put("String", from);
    return replace.put("content", to);
  }

  private static ObjectNode sequence(String name, ArrayNode steps) {
    ObjectNode sequence = JSON.objectNode().put("type", "Sequence");
    sequence.set(name, steps);
    return sequence;
  }

  /** [BOS] text [EOS]. */
  private ObjectNode template(boolean addBos) {
    ObjectNode template = JSON.objectNode().put("type", "TemplateProcessing");
    ArrayNode single = template.putArray("single");
    ArrayNode pair = template.putArray("pair");
    ObjectNode special = template.putObject("special_tokens");
    for (int text = 0; text < 2; text++) {
      if (addBos && gguf.bos() >= 0) {
        piece(text == 0 ? single : null, pair, special, gguf.bos(), text);
      }
      ObjectNode sequence = JSON.objectNode();
      sequence.putObject("Sequence").put("id", text == 0 ? "A" : "B").put("type_id", text);
      pair.add(sequence);
      if (text == 0) {
        single.add(sequence);
      }
      if (Boolean.TRUE.equals(gguf.addEos()) && gguf.eos() >= 0) {
        piece(text == 0 ? single : null, pair, special, gguf.eos(), text);
      }
    }
    return template;
  }

  private void piece(
      @Nullable ArrayNode single, ArrayNode pair, ObjectNode special, int id, int text) {
    String token = gguf.tokens()[id];
    ObjectNode piece = JSON.objectNode();
    piece.putObject("SpecialToken").put("id", token).put("type_id", text);
    pair.add(piece);
    if (single != null) {
      single.add(piece);
    }
    ObjectNode entry = special.putObject(token).put("id", token);
    entry.putArray("ids").add(id);
    entry.putArray("tokens").add(token);
  }

  private BadCheckpoint bad(String reason) {
    return new BadCheckpoint(gguf.file(), -1, reason);
  }
}
