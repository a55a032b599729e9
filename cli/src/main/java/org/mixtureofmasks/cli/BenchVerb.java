package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.bench.BenchResult;
import org.mixtureofmasks.bench.BenchResult.Quartiles;
import org.mixtureofmasks.bench.BenchSettings;
import org.mixtureofmasks.bench.Benchmark;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.model.Model;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code mom bench}: tokens per second beside what the memory allows. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Times prompt and decoding beside the memory's bandwidth in the same run.",
    footer = {
      "",
      "Examples:",
      "  mom bench MODEL",
      "  mom bench SPARSE --reference DENSE --threads 2 --prompt-tokens 128 --tokens 64",
      "  mom bench MODEL --batch 4,16             several texts at once, beside one",
      "  mom bench MODEL --context 128,4096       decoding behind a short and a long text",
      "",
      "Decoding one token reads every active weight once, so the bandwidth of reading a buffer as",
      "large as the weights is the limit, the best of several access patterns and thread counts;",
      "decode_fraction_of_limit says how near decoding comes. A fraction above 1 is an error of the",
      "measurement: it is told and not printed. Figures are medians over repetitions taken in turns",
      "after a warm-up, with quartiles in brackets; a speed-up is the ratio of the two medians.",
      "Publish ratios, not tokens/s.",
      "",
      "With --batch, N different texts are decoded together, one token of each in a step: the weights",
      "are read once for all of them, and every text gets the tokens that it gets alone. The rate is",
      "that of all texts together.",
      "",
      "With --context, N tokens are read before the first of the --tokens is timed, which attends to",
      "all of them; with --json over_first_context compares each N with the first."
    })
public final class BenchVerb implements Verb {
  @Mixin private ModelOptions model;

  @Option(
      names = "--reference",
      paramLabel = "DENSE",
      description = "Another model to time in turns with it.")
  private @Nullable Path reference;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "Tokens processed together. Default: ${DEFAULT-VALUE}.")
  private int promptTokens;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "Tokens decoded one by one. Default: ${DEFAULT-VALUE}.")
  private int tokens;

  @Option(
      names = "--repetitions",
      paramLabel = "N",
      defaultValue = "5",
      description = "Timed passes of each model. Default: ${DEFAULT-VALUE}.")
  private int repetitions;

  @Option(
      names = "--batch",
      paramLabel = "N",
      split = ",",
      description =
          "Also decode N texts together; several numbers are timed one after another. Default: none.")
  private List<Integer> batches = List.of();

  @Option(
      names = "--context",
      paramLabel = "N",
      split = ",",
      description =
          "Also decode the tokens behind a text of N tokens; several numbers are timed one after another. Default: none.")
  private List<Integer> contexts = List.of();

  @Mixin private OutputOptions output;

  /** A model's figures with its name and description. */
  private record Column(Path path, String description, BenchResult result) {}

  @Override
  public Integer call() {
    BenchSettings settings =
        new BenchSettings(promptTokens, tokens, repetitions, model.threads(), batches, contexts);
    try (ProgressLine progress = ProgressLine.start("loading %s".formatted(model.path()), "");
        StopSignal _ = StopSignal.atOnce("stopped: nothing was measured to the end");
        Model llama = model.open();
        Model dense = reference == null ? null : model.open(reference)) {
      progress.begin("timing", "repetitions");
      BenchResult.Pair pair =
          new Benchmark(settings, progress::at).run(llama, Optional.ofNullable(dense));
      warnOfNoise(pair.model());
      pair.reference().ifPresent(BenchVerb::warnOfNoise);
      long cacheBytes = model.cache().bytes(llama.config(), promptTokens + tokens);
      Column mine = new Column(model.path(), llama.description(), pair.model());
      Optional<Column> other =
          reference == null || dense == null
              ? Optional.empty()
              : Optional.of(
                  new Column(reference, dense.description(), pair.reference().orElseThrow()));
      output.print(json(pair, mine, other, cacheBytes), () -> table(pair, mine, other, cacheBytes));
    }
    return 0;
  }

  private ObjectNode json(
      BenchResult.Pair pair, Column mine, Optional<Column> other, long cacheBytes) {
    ObjectNode json = json(mine);
    other.ifPresent(
        column -> {
          json.put("decode_speedup", Json.number(pair.decodeSpeedup()));
          json.put("prompt_speedup", Json.number(pair.promptSpeedup()));
          json.set("reference", json(column));
        });
    pair.residentBytes().ifPresent(bytes -> json.put("resident_bytes", bytes));
    json.put("kv_cache_bytes", cacheBytes);
    json.put("prompt_tokens", promptTokens);
    json.put("tokens", tokens);
    json.put("repetitions", repetitions);
    json.put("threads", model.threads());
    json.put("weights", model.weights().name().toLowerCase(Locale.ROOT));
    json.put("kv_cache", model.cache().name().toLowerCase(Locale.ROOT));
    json.put("kernel", KernelChoice.get().kernels().name());
    return json;
  }

  private static ObjectNode json(Column column) {
    BenchResult result = column.result;
    ObjectNode json = Json.object();
    json.put("model", column.path.toString());
    json.put("description", column.description);
    json.put("decode_tokens_per_second", Json.number(result.medianDecode()));
    json.put("prompt_tokens_per_second", Json.number(result.medianPrompt()));
    json.put("kind", result.sparse() ? "sparse" : "dense");
    json.put("stream_gigabytes_per_second", Json.number(result.stream().gigabytesPerSecond()));
    json.put("stream_pattern", result.stream().pattern().toString());
    json.put("stream_threads", result.stream().threads());
    json.put(
        "decode_fraction_of_limit", Json.number(result.decodeFractionOfLimit().orElse(Double.NaN)));
    json.put("stream_level", result.streamLevel());
    json.put("stream_bytes", result.streamBytes());
    json.put("bytes_per_token", result.bytesPerToken());
    json.put("bytes", result.weightBytes());
    result.shares().describe(json);
    result.measured().describeMeasured(json);
    ArrayNode batches = json.putArray("batches");
    result.batches().forEach(batch -> batches.add(json(batch, result)));
    ArrayNode contexts = json.putArray("contexts");
    result.contexts().forEach(context -> contexts.add(json(context, result.contexts().getFirst())));
    put(json.putArray("decode_repetitions"), result.decodeTokensPerSecond());
    put(json.putArray("prompt_repetitions"), result.promptTokensPerSecond());
    put(json.putArray("stream_repetitions"), result.streamRates());
    put(json, "decode_quartiles", result.decodeTokensPerSecond());
    put(json, "prompt_quartiles", result.promptTokensPerSecond());
    put(json, "stream_quartiles", result.streamRates());
    return json;
  }

  private static ObjectNode json(BenchResult.Batch batch, BenchResult alone) {
    ObjectNode json = Json.object();
    json.put("texts", batch.texts());
    json.put("decode_tokens_per_second", Json.number(batch.medianDecode()));
    json.put("over_one_text", Json.number(batch.medianDecode() / alone.medianDecode()));
    put(json.putArray("decode_repetitions"), batch.decodeTokensPerSecond());
    put(json, "decode_quartiles", batch.decodeTokensPerSecond());
    return json;
  }

  private static ObjectNode json(BenchResult.Context context, BenchResult.Context first) {
    ObjectNode json = Json.object();
    json.put("context_tokens", context.tokens());
    json.put("decode_tokens_per_second", Json.number(context.medianDecode()));
    json.put("over_first_context", Json.number(context.medianDecode() / first.medianDecode()));
    put(json.putArray("decode_repetitions"), context.decodeTokensPerSecond());
    put(json, "decode_quartiles", context.decodeTokensPerSecond());
    return json;
  }

  private static void put(ObjectNode json, String key, List<Double> values) {
    Quartiles quartiles = Quartiles.of(values);
    put(json.putArray(key), List.of(quartiles.low(), quartiles.high()));
  }

  private static void put(ArrayNode array, List<Double> values) {
    values.forEach(value -> array.add(Json.number(value)));
  }

  private static String table(
      BenchResult.Pair pair, Column mine, Optional<Column> other, long cacheBytes) {
    List<Column> columns = new ArrayList<>();
    other.ifPresent(columns::add);
    columns.add(mine);
    Table table = new Table();
    table.row("", columns, c -> c.result.sparse() ? "sparse" : "dense");
    table.row("model", columns, c -> c.path.getFileName().toString());
    table.row(
        "decode tokens/s",
        columns,
        c -> spread(c.result.medianDecode(), c.result.decodeTokensPerSecond()));
    for (int i = 0; i < mine.result.batches().size(); i++) {
      int at = i;
      table.row(
          "decode tokens/s, batch %d".formatted(mine.result.batches().get(i).texts()),
          columns,
          c ->
              spread(
                  c.result.batches().get(at).medianDecode(),
                  c.result.batches().get(at).decodeTokensPerSecond()));
    }
    for (int i = 0; i < mine.result.contexts().size(); i++) {
      int at = i;
      table.row(
          "decode tokens/s, context %d".formatted(mine.result.contexts().get(i).tokens()),
          columns,
          c ->
              spread(
                  c.result.contexts().get(at).medianDecode(),
                  c.result.contexts().get(at).decodeTokensPerSecond()));
    }
    table.row(
        "prompt tokens/s",
        columns,
        c -> spread(c.result.medianPrompt(), c.result.promptTokensPerSecond()));
    table.row(
        "read-only stream GB/s, best (" + mine.result.streamLevel() + ")",
        columns,
        c -> spread(c.result.stream().gigabytesPerSecond(), c.result.streamRates()));
    table.row(
        "decode, fraction of the limit",
        columns,
        c ->
            c.result.decodeFractionOfLimit().isPresent()
                ? Table.decimals(c.result.decodeFractionOfLimit().getAsDouble(), 3)
                : "-");
    table.row("bytes read per token", columns, c -> String.valueOf(c.result.bytesPerToken()));
    table.row("bytes of weights", columns, c -> String.valueOf(c.result.weightBytes()));
    table.row("active FFN share", columns, c -> Table.percent(c.result.measured().activeFfn(), 1));
    table.row("share all-in", columns, c -> Table.percent(c.result.measured().allIn(), 1));
    if (other.isEmpty()) {
      pair.residentBytes()
          .ifPresent(
              resident ->
                  table.row(
                      "bytes resident, of them KV cache",
                      "%d, %d".formatted(resident, cacheBytes)));
    }
    if (other.isPresent()) {
      table.row("decode speed-up", "1.00", Table.decimals(pair.decodeSpeedup(), 2));
      table.row("prompt speed-up", "1.00", Table.decimals(pair.promptSpeedup(), 2));
    }
    return table.toString();
  }

  /** Such as "25.4 [24.9, 26.0]": a figure and the quartiles of its repetitions. */
  private static String spread(double value, List<Double> repetitions) {
    Quartiles quartiles = Quartiles.of(repetitions);
    return "%s [%s, %s]"
        .formatted(
            Table.decimals(value, 1),
            Table.decimals(quartiles.low(), 1),
            Table.decimals(quartiles.high(), 1));
  }

  private static void warnOfNoise(BenchResult result) {
    if (result.decodeFractionOfLimit().isEmpty()) {
      Terminal.note(
          "mom: error of the measurement: decoding read %s GB/s of weights, more than the %s GB/s that reading alone reached: something else used the machine; measure again when it is quiet"
              .formatted(
                  Table.decimals(result.decodeGigabytesPerSecond(), 1),
                  Table.decimals(result.stream().gigabytesPerSecond(), 1)));
    }
  }
}
