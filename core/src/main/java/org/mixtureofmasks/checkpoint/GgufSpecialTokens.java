package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The special tokens of the vocabulary in a GGUF file, by llama.cpp's rules: a key that is missing
 * has its vocabulary's default, and a token that ends texts is also known by its name.
 */
public final class GgufSpecialTokens {
  private static final String PREFIX = "tokenizer.ggml.";

  /** llama.cpp writes 2^32 - 1 where there is no token. */
  private static final long NONE = 0xffff_ffffL;

  /** Keys whose tokens end a text: of a text, a turn, a message, and what fills or parts files. */
  private static final List<String> ENDING_ROLES =
      List.of("eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep");

  /** Tokens that end a text whatever the keys say. */
  private static final Set<String> ENDING_NAMES =
      Set.of(
          "<|eot_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|flush|>",
          "<|calls|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "</s>",
          "<|eom_id|>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<|end_of_text|>",
          "<end_of_utterance>",
          "<eos>",
          "<turn|>",
          "<|tool_response>");

  /** Names of the other ending roles, where no key names their token. */
  private static final Map<String, Set<String>> NAMES_OF_ROLES =
      Map.of(
          "fim_pad", Set.of("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
          "fim_rep", Set.of("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
          "fim_sep", Set.of("<|file_sep|>"));

  /** What SentencePiece vocabularies have where no key says otherwise. */
  private static final Map<String, Integer> SENTENCE_PIECE =
      Map.of("unknown", 0, "bos", 1, "eos", 2);

  private final ObjectNode metadata;
  private final long tokens;
  private final Map<String, SortedSet<Integer>> known;

  private GgufSpecialTokens(
      ObjectNode metadata, long tokens, Map<String, SortedSet<Integer>> known) {
    this.metadata = metadata;
    this.tokens = tokens;
    this.known = known;
  }

  /**
   * The special tokens of a file.
   *
   * @param file opened; it may have no vocabulary
   * @return its special tokens
   * @throws org.mixtureofmasks.io.BadCheckpoint if its list of tokens is damaged
   */
  public static GgufSpecialTokens of(GgufFile file) {
    Set<String> names = new HashSet<>(ENDING_NAMES);
    NAMES_OF_ROLES.values().forEach(names::addAll);
    String tokens = PREFIX + "tokens";
    return new GgufSpecialTokens(
        file.metadata(), Math.max(0, file.arrayLength(tokens)), file.places(tokens, names));
  }

  /**
   * The token of a role.
   *
   * @param role bos, eos, unknown and the like: the key's name without "_token_id"
   * @return its id, unchecked: whoever uses it compares it with the vocabulary; -1 for none
   */
  public int id(String role) {
    JsonNode value = metadata.path(PREFIX + role + "_token_id");
    if (value.isIntegralNumber() && value.longValue() != NONE) {
      return Math.clamp(value.longValue(), -2, Integer.MAX_VALUE);
    }
    boolean sentencePiece = "llama".equals(metadata.path(PREFIX + "model").textValue());
    int usual = sentencePiece ? SENTENCE_PIECE.getOrDefault(role, -1) : -1;
    return usual < tokens ? usual : -1;
  }

  /** {@return ids of all tokens that end a text, unchecked as {@link #id}} */
  public SortedSet<Integer> ends() {
    SortedSet<Integer> ends = new TreeSet<>();
    for (String role : ENDING_ROLES) {
      int id = id(role);
      if (id != -1) {
        ends.add(id);
      } else {
        ends.addAll(named(NAMES_OF_ROLES.getOrDefault(role, Set.of())));
      }
    }
    ends.addAll(named(ENDING_NAMES));
    // Vocabularies in which these two are no ends, known by their other tokens.
    boolean calls = has("<|return|>", "<|call|>") || has("<|calls|>", "<|flush|>");
    if (calls || has("<|call|>", "<|flush|>")) {
      ends.removeAll(named(Set.of("<|end|>")));
    }
    if (has("<|tool_response>")) {
      ends.removeAll(named(Set.of("</s>")));
    }
    return ends;
  }

  private boolean has(String... names) {
    return named(Set.of(names)).size() == names.length;
  }

  private SortedSet<Integer> named(Set<String> names) {
    SortedSet<Integer> ids = new TreeSet<>();
    for (String name : names) {
      ids.addAll(known.getOrDefault(name, Collections.emptySortedSet()));
    }
    return ids;
  }
}
