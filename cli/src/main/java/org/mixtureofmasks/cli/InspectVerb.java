package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ShippedThresholds;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mom inspect}: what a model is and what it needs, from its headers alone. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description =
        "Says what a model is and what it needs. Reads headers only, so that a large model takes no"
            + " longer than a small one; a model that cannot be run is described as far as it"
            + " goes.",
    footer = {
      "",
      "Examples:",
      "  mom inspect SmolLM2-135M                 a Hugging Face folder",
      "  mom inspect model.gguf --tensors         every tensor with its type and shape",
      "  mom inspect my-sparse-model --json       for scripts: numbers without units"
    })
public final class InspectVerb implements Verb {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      description = "A Hugging Face folder, a .gguf file or a llama2.c .bin file.")
  private Path model;

  @Option(names = "--json", description = "Print one JSON object and nothing else.")
  private boolean json;

  @Option(
      names = "--context",
      paramLabel = "N",
      description =
          "Tokens of a text whose keys and values are measured. Default: 4096, or as many as the"
              + " model takes.")
  private @Nullable Integer context;

  @Option(names = "--tensors", description = "List every tensor too.")
  private boolean tensors;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      ObjectNode inspection = Inspection.of(checkpoint, context, tensors);
      if (json) {
        out.println(inspection.toPrettyString());
      } else {
        print(inspection, out);
      }
    }
    out.flush();
    return 0;
  }

  private static void print(JsonNode i, PrintWriter out) {
    out.println(i.path("path").textValue());
    line(out, "format", i.path("format").textValue() + ", architecture " + text(i, "architecture"));
    JsonNode s = i.path("shape");
    if (s.isObject()) {
      line(out, "layers", count(s, "num_hidden_layers"));
      line(out, "hidden size", count(s, "hidden_size"));
      line(out, "FFN neurons", count(s, "intermediate_size") + " a layer");
      line(
          out,
          "heads",
          count(s, "num_attention_heads")
              + " of width "
              + count(s, "head_dim")
              + ", "
              + count(s, "num_key_value_heads")
              + " for keys and values");
      line(
          out,
          "vocabulary",
          count(s, "vocab_size")
              + (s.path("tie_word_embeddings").asBoolean() ? ", embedding and output tied" : ""));
      line(out, "context", count(s, "max_position_embeddings") + " tokens");
    } else {
      line(out, "not runnable", text(i, "why_not"));
    }
    printSizes(i, out);
    if (i.has("mixture_of_masks")) {
      printMasks(i.path("mixture_of_masks"), i.path("share_all_in").doubleValue(), out);
    }
    if (i.has("token_masks")) {
      printTokenMasks(i.path("token_masks"), i.path("share_all_in").doubleValue(), out);
    }
    JsonNode tokenizer = i.path("tokenizer");
    line(
        out,
        "tokenizer",
        tokenizer.isTextual()
            ? tokenizer.textValue()
            : "none; verbs that read text need --tokenizer FILE");
    for (JsonNode t : i.path("tensor_list")) {
      out.printf(
          Locale.ROOT,
          "  %-56s %-5s %s%n",
          text(t, "name"),
          text(t, "dtype"),
          t.path("shape").toString().replace(",", ", "));
    }
  }

  private static void printSizes(JsonNode i, PrintWriter out) {
    JsonNode p = i.path("parameters");
    long total = p.path("total").longValue();
    line(out, "parameters", format("%,d", total));
    for (String part : new String[] {"ffn", "attention", "embedding", "norm", "routing", "other"}) {
      long n = p.path(part).longValue();
      if (n > 0) {
        String name = part.equals("ffn") ? "FFN" : part;
        line(out, "  " + name, format("%,d (%.1f %%)", n, 100.0 * n / total));
      }
    }
    StringJoiner types = new StringJoiner(", ");
    i.path("bytes_by_dtype")
        .properties()
        .forEach(e -> types.add(e.getKey() + " " + bytes(e.getValue().longValue())));
    line(out, "on disk", bytes(i.path("bytes").longValue()) + " (" + types + ")");
    JsonNode memory = i.path("memory");
    line(
        out,
        "weights in RAM",
        bytes(i.path("bytes").longValue())
            + " as stored, "
            + bytes(memory.path("fp32_bytes").longValue())
            + " in fp32, "
            + bytes(memory.path("bf16_bytes").longValue())
            + " in bf16");
    if (memory.has("kv_cache_bytes_per_1000_tokens")) {
      line(
          out,
          "KV cache",
          bytes(memory.path("kv_cache_bytes_per_1000_tokens").longValue())
              + " for each 1,000 tokens in fp32");
      JsonNode cache = memory.path("kv_cache");
      line(
          out,
          "  of %s tokens".formatted(count(cache, "context_tokens")),
          bytes(cache.path("f32_bytes").longValue())
              + " in fp32, "
              + bytes(cache.path("bf16_bytes").longValue())
              + " in bf16, "
              + bytes(cache.path("int8_bytes").longValue())
              + " in int8 (--kv-cache)");
      line(
          out,
          "to run",
          bytes(memory.path("run_bytes_at_1000_tokens").longValue())
              + " with 1,000 tokens of context, "
              + bytes(memory.path("workspace_bytes").longValue())
              + " of it the workspace of a pass");
    }
    JsonNode sparsify = i.path("sparsify");
    if (sparsify.isObject()) {
      line(
          out,
          "to sparsify",
          bytes(sparsify.path("memory_bytes").longValue())
              + " of memory and "
              + bytes(sparsify.path("disk_bytes").longValue())
              + " of disk with a recipe's defaults; mom sparsify --dry-run has the time too");
    }
  }

  private static void printMasks(JsonNode m, double shareAllIn, PrintWriter out) {
    line(
        out,
        "mixture",
        text(m, "variant")
            + ", "
            + count(m, "num_experts")
            + " experts (masks) a layer, layout "
            + text(m, "layout"));
    if (text(m, "layout").equals("runs") && m.has("mean_run")) {
      line(
          out,
          "",
          format(
              "runs of %.1f neurons of %,.0f bytes: jumps between runs are hidden by asking ahead;"
                  + " copied side by side the neurons would take %s in place of %s",
              m.path("mean_run").doubleValue(),
              m.path("record_bytes").doubleValue(),
              bytes(m.path("neuron_bytes_copied").longValue()),
              bytes(m.path("neuron_bytes").longValue())));
    }
    line(out, "routing", text(m, "routing"));
    printShares(m, shareAllIn, "router and lists counted", out);
    if (m.has("kept_inputs")) {
      line(
          out,
          "inputs kept",
          format(
              "%.1f of an expert, mean; the paper's R_h x R_FFN is %.1f %%",
              m.path("kept_inputs").doubleValue(), 100 * m.path("paper_share").doubleValue()));
    }
    line(
        out,
        "neurons",
        format(
            "%,d live (%,d in every mask, %,d in some), %,d redundant and gone",
            m.path("live_neurons").longValue(),
            m.path("shared_neurons").longValue(),
            m.path("independent_neurons").longValue(),
            m.path("redundant_neurons").longValue()));
  }

  private static void printShares(JsonNode m, double shareAllIn, String counted, PrintWriter out) {
    line(
        out,
        "active FFN",
        format(
            "%.1f %% of the weights per token (target %.1f %%)",
            100 * m.path("active_ffn_share").doubleValue(), 100 * m.path("target").doubleValue()));
    line(
        out,
        "share all-in",
        format("%.1f %% of the dense FFN's bytes per token, %s", 100 * shareAllIn, counted));
  }

  private static void printTokenMasks(JsonNode m, double shareAllIn, PrintWriter out) {
    line(
        out,
        "token masks",
        ShippedThresholds.Choice.valueOf(m.path("choice").textValue().toUpperCase(Locale.ROOT))
            .describe());
    printShares(m, shareAllIn, "in whole cache lines", out);
    for (String kept : List.of("kept_inputs", "kept_neurons")) {
      DoubleSummaryStatistics layers =
          StreamSupport.stream(m.path("layers").spliterator(), false)
              .mapToDouble(layer -> 100 * layer.path(kept).doubleValue())
              .summaryStatistics();
      line(
          out,
          kept.replace("kept_", "") + " kept",
          format(
              "%.1f %% by a token, mean over layers; %.1f to %.1f %%",
              layers.getAverage(), layers.getMin(), layers.getMax()));
    }
  }

  private static void line(PrintWriter out, String name, String value) {
    out.printf(Locale.ROOT, "  %-15s %s%n", name, value);
  }

  private static String text(JsonNode node, String key) {
    return node.path(key).asText();
  }

  private static String count(JsonNode node, String key) {
    return format("%,d", node.path(key).longValue());
  }

  /** Decimal units, as disks and downloads state them. */
  static String bytes(long n) {
    String[] units = {"B", "kB", "MB", "GB", "TB"};
    int unit = 0;
    double value = n;
    while (value >= 999.5 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return unit == 0 ? n + " B" : format(value < 99.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  }

  /** The same digits wherever the program runs. */
  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
