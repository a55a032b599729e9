package org.mixtureofmasks.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How a text is cut before byte-level BPE, by the name that GGUF gives in {@code
 * tokenizer.ggml.pre}. Names, order and the two defaults are those of llama.cpp's llama-vocab.cpp;
 * where that adapts a pattern to its own matcher, the original of the model's tokenizer.json stands
 * here. Patterns apply in turn, each to the pieces that the one before has left.
 */
final class PreTokenizers {
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String QWEN2 = LLAMA3.replace("\\p{N}{1,3}", "\\p{N}");
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LEAD = "[^\\r\\n\\p{L}\\p{N}]?";
  private static final String ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
  private static final String TAIL =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String TEKKEN =
      LEAD + UPPER + "*" + LOWER + "+|" + LEAD + UPPER + "+" + LOWER + "*|\\p{N}" + TAIL;
  private static final String GPT4O =
      LEAD
          + UPPER
          + "*"
          + LOWER
          + "+"
          + ENDINGS
          + "|"
          + LEAD
          + UPPER
          + "+"
          + LOWER
          + "*"
          + ENDINGS
          + "|\\p{N}{1,3}"
          + TAIL;

  /** llama.cpp's own for files that name none; no model was trained with it. */
  private static final List<String> DEFAULT =
      List.of(
          "[\\p{P}\\$\\+<=>\\^~\\|]+",
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
          "\\p{N}+",
          "[0-9][0-9][0-9]");

  private static final Map<String, List<String>> BY_NAME =
      Map.ofEntries(
          Map.entry("default", DEFAULT),
          Map.entry("gpt-2", List.of(GPT2)),
          Map.entry("phi-2", List.of(GPT2)),
          Map.entry("mpt", List.of(GPT2)),
          Map.entry("olmo", List.of(GPT2)),
          Map.entry("jais", List.of(GPT2)),
          Map.entry("smollm", List.of("\\p{N}", GPT2)),
          Map.entry("starcoder", List.of("\\p{N}", GPT2)),
          Map.entry("refact", List.of("\\p{N}", GPT2)),
          Map.entry("command-r", List.of("\\p{N}", GPT2)),
          Map.entry("codeshell", List.of("\\p{N}", GPT2)),
          Map.entry("llama3", List.of(LLAMA3)),
          Map.entry("llama-v3", List.of(LLAMA3)),
          Map.entry("llama-bpe", List.of(LLAMA3)),
          Map.entry("falcon3", List.of(LLAMA3)),
          Map.entry("falcon-h1", List.of(LLAMA3)),
          Map.entry("pixtral", List.of(LLAMA3)),
          Map.entry("lfm2", List.of(LLAMA3)),
          Map.entry("dbrx", List.of(LLAMA3)),
          Map.entry("smaug-bpe", List.of(LLAMA3)),
          Map.entry("qwen2", List.of(QWEN2)),
          Map.entry("stablelm2", List.of(QWEN2)),
          Map.entry("deepseek-r1-qwen", List.of(QWEN2)),
          Map.entry("tekken", List.of(TEKKEN)),
          Map.entry("gpt-4o", List.of(GPT4O)),
          Map.entry("llama4", List.of(GPT4O)));

  /** These look a whole piece up before merging, and begin with BOS by default (llama.cpp). */
  private static final Set<String> WHOLE_PIECES =
      Set.of(
          "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "lfm2", "tekken");

  private PreTokenizers() {}

  /** The patterns of a name; null when the name is unknown. */
  static @Nullable List<String> patterns(String name) {
    return BY_NAME.get(name);
  }

  static boolean wholePieces(String name) {
    return WHOLE_PIECES.contains(name);
  }

  static Set<String> names() {
    return new TreeSet<>(BY_NAME.keySet());
  }

  /** Patterns that are known to match every text in time proportional to its length. */
  static boolean known(String pattern) {
    return BY_NAME.values().stream().anyMatch(list -> list.contains(pattern));
  }
}
