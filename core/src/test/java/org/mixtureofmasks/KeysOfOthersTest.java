package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.io.BadCheckpoint;

/** Walks the tables of docs/file-formats.md: every row does what it claims. */
class KeysOfOthersTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "file-formats.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `([^`]+)` \\| (obeyed|refused|harmless) \\| `([^`]+)` \\| .* \\|");

  /** Where keys are read; every one of their names must be in a table. */
  private static final List<String> READERS =
      List.of(
          "format/HuggingFaceConfig",
          "format/Llama",
          "format/Mistral",
          "format/NotComputed",
          "format/GgufConfig",
          "tokenizer/SpecialTokens",
          "tokenizer/GgufReader",
          "tokenizer/TokenizerJson",
          "checkpoint/GgufSpecialTokens",
          "checkpoint/GgufFile");

  /** Words in the same sources that are no keys: values, tensors, and this project's own. */
  private static final Set<String> NO_KEYS =
      Set.of(
          "config.json",
          "generation_config.json",
          "tokenizer_config.json",
          "tokenizer.json",
          "special_tokens_map.json",
          "llama",
          "mistral",
          "silu",
          "default",
          "linear",
          "llama3",
          "none",
          "null",
          "strings",
          "tensors",
          "tokenizer.ggml.",
          "bfloat16",
          "float32",
          "full_attention",
          "model",
          "quant_method",
          "content",
          "special",
          "single",
          "id",
          "general.alignment",
          "split.count",
          "rope_freqs.weight",
          "token_embd.weight",
          "output.weight",
          "model.embed_tokens",
          "token_embd",
          "token_embedding_table",
          "input_layernorm",
          "attn_norm",
          "rms_att_weight",
          "self_attn.q_proj",
          "attn_q",
          "wq",
          "self_attn.k_proj",
          "attn_k",
          "wk",
          "self_attn.v_proj",
          "attn_v",
          "wv",
          "self_attn.o_proj",
          "attn_output",
          "wo",
          "post_attention_layernorm",
          "ffn_norm",
          "rms_ffn_weight",
          "mlp.gate_proj",
          "ffn_gate",
          "w1",
          "mlp.up_proj",
          "ffn_up",
          "w3",
          "mlp.down_proj",
          "ffn_down",
          "w2",
          "model.norm",
          "output_norm",
          "rms_final_weight",
          "lm_head",
          "output",
          "wcls");

  private record Row(String file, String key, String verdict, String example) {}

  @TempDir Path folder;

  private static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    String file = "";
    for (String line : Files.readAllLines(DOCUMENT)) {
      Matcher row = ROW.matcher(line);
      if (line.startsWith("### ")) {
        file = line.substring(4);
      } else if (row.matches()) {
        rows.add(new Row(file, row.group(1), row.group(2), row.group(3)));
      }
    }
    return rows;
  }

  @TestFactory
  Stream<DynamicTest> everyRowDoesWhatItClaims() throws IOException {
    List<Row> rows = rows();
    assertTrue(rows.size() > 140, "rows: " + rows.size());
    return rows.stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    "%s: %s is %s".formatted(row.file, row.key, row.verdict), () -> check(row)));
  }

  private void check(Row row) throws IOException {
    ObjectNode example = MadeFiles.object(row.example);
    ObjectNode without = without(example.deepCopy(), row.key);
    String reason;
    MadeFiles.Facts with;
    try {
      with = facts(row.file, example);
      reason = "";
    } catch (BadCheckpoint e) {
      with = null;
      reason = e.getMessage();
    }
    if (row.verdict.equals("refused")) {
      assertTrue(reason.contains(last(row.key)), "refused, and named: " + reason);
      assertEquals(1, reason.lines().count());
      return;
    }
    assertEquals("", reason);
    Optional<MadeFiles.Facts> bare = factsIfRead(row.file, without);
    if (row.verdict.equals("obeyed")) {
      assertNotEquals(bare, Optional.of(with));
    } else {
      assertEquals(bare, Optional.of(with));
    }
  }

  private Optional<MadeFiles.Facts> factsIfRead(String file, ObjectNode example)
      throws IOException {
    try {
      return Optional.of(facts(file, example));
    } catch (BadCheckpoint _) {
      return Optional.empty(); // the example leans on the key
    }
  }

  /** A key of a table, or one within an object, taken out. */
  private static ObjectNode without(ObjectNode example, String key) {
    if (example.has(key)) {
      example.remove(key);
    } else {
      int dot = key.indexOf('.');
      assertTrue(dot > 0 && example.has(key.substring(0, dot)), "the example lacks " + key);
      without((ObjectNode) example.get(key.substring(0, dot)), key.substring(dot + 1));
    }
    return example;
  }

  private static String last(String key) {
    return key.startsWith("rope_scaling.") ? "rope_type" : key.substring(key.lastIndexOf('.') + 1);
  }

  private MadeFiles.Facts facts(String file, ObjectNode example) throws IOException {
    return switch (file) {
      case "config.json", "tokenizer.json" -> {
        String base = file.equals("config.json") ? MadeFiles.CONFIG : MadeFiles.TOKENIZER;
        ObjectNode all = MadeFiles.object(base).setAll(example);
        yield MadeFiles.folder(folder, Map.of(file, all.toString()));
      }
      case "generation_config.json", "tokenizer_config.json" ->
          MadeFiles.folder(folder, Map.of(file, example.toString()));
      case "GGUF" -> {
        ObjectNode all = MadeFiles.object(MadeFiles.GGUF).setAll(example);
        yield MadeFiles.gguf(folder.resolve("m.gguf"), all);
      }
      default -> fail("a table of an unknown file: " + file);
    };
  }

  @Test
  void noKeyIsReadThatIsInNoTable() throws IOException {
    Set<String> known = new HashSet<>(NO_KEYS);
    for (Row row : rows()) {
      known.add(row.key);
      known.add(row.key.substring(row.key.lastIndexOf('.') + 1));
      known.add(row.key.replaceFirst("^(llama|tokenizer\\.ggml)\\.", ""));
      known.add(row.key.replaceFirst("^tokenizer\\.ggml\\.(.*)_token_id$", "$1"));
    }
    Set<String> missing = new TreeSet<>();
    for (String reader : READERS) {
      String source =
          Files.readString(Path.of("src/main/java/org/mixtureofmasks", reader + ".java"));
      Matcher literal = Pattern.compile("\"([a-z][a-z0-9_.]*)\"").matcher(source);
      while (literal.find()) {
        if (!known.contains(literal.group(1))) {
          missing.add("%s in %s".formatted(literal.group(1), reader));
        }
      }
    }
    assertEquals(Set.of(), missing, "keys that docs/file-formats.md lacks");
  }
}
