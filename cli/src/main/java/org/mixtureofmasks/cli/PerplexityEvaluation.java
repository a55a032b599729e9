package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.TextFiles;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.perplexity.KeptSums;
import org.mixtureofmasks.perplexity.Perplexity;
import org.mixtureofmasks.perplexity.PerplexityResult;
import org.mixtureofmasks.tokenizer.PackedWith;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * The part of {@code mom evaluate} that measures perplexity.
 *
 * @param source what is read
 * @param windows how
 * @param limit tokens, rows of each file, or pages at most; null: all
 * @param run how models are run
 * @param tokenizer which
 */
record PerplexityEvaluation(
    EvaluateVerb.Source source,
    WindowOptions windows,
    @Nullable Integer limit,
    RunOptions run,
    TokenizerOptions tokenizer) {

  /** One model's figures. */
  private record Measured(
      Path path,
      String description,
      int vocabSize,
      long weightBytes,
      Shares shares,
      PerplexityResult result) {}

  /**
   * Measures a model, and a dense one beside it.
   *
   * @param reference the dense one
   * @param out folder for results.json
   */
  void run(Path model, Optional<Path> reference, Optional<Path> out, OutputOptions output) {
    checkOptions();
    out.ifPresent(AtomicFiles::requireWritable); // before minutes of work, not after
    // One after the other: two models at once would share memory and bandwidth.
    Optional<Path> state = out.map(folder -> folder.resolve("partial"));
    Optional<Measured> dense = reference.map(path -> measure(path, state));
    Measured measured = measure(model, state);
    dense.ifPresent(d -> requireComparable(measured, d));
    ObjectNode json = json(measured);
    dense.ifPresent(
        d -> {
          json.put("retention", Json.number(retention(measured, d)));
          json.set("reference", json(d));
        });
    out.ifPresent(
        folder -> {
          AtomicFiles.writeString(folder.resolve("results.json"), Json.ascii(json) + "\n");
          KeptSums.remove(folder.resolve("partial"));
        });
    output.print(json, () -> table(measured, dense));
  }

  private void checkOptions() {
    if (source.tokens != null && windows.window() != null) {
      throw UserError.usage("--window goes with --text and --wikitext; rows are as long as --row");
    }
    if (source.text == null && windows.stride() != null) {
      throw UserError.usage("--stride goes with --text only");
    }
    if (source.tokens == null && windows.row() != null) {
      throw UserError.usage("--row goes with --tokens only");
    }
    if (source.tokens != null && windows.row() == null) {
      throw UserError.usage(
          "--tokens needs --row N, the tokens in a row, such as --row 257 for 256 inputs");
    }
    if (source.tokens != null && tokenizer.given()) {
      throw UserError.usage(
          "--tokens are ids already: --tokenizer goes with --text and --wikitext");
    }
    for (var option :
        new Object[][] {
          {"--window", windows.window()},
          {"--stride", windows.stride()},
          {"--row", windows.row()},
          {"--limit", limit}
        }) {
      if (option[1] instanceof Integer value && value < 1) {
        throw UserError.usage("%s %s: it must be at least 1".formatted(option[0], value));
      }
    }
  }

  /** A token's perplexity depends on what a token is; a word's (WikiText) does not. */
  private void requireComparable(Measured measured, Measured dense) {
    if (source.wikitext == null && measured.vocabSize != dense.vocabSize) {
      throw new UserError(
          ("--reference %s has a vocabulary of %s, %s one of %s: perplexities of different"
                  + " tokens do not compare; take --wikitext, which counts"
                  + " words")
              .formatted(dense.path, dense.vocabSize, measured.path, measured.vocabSize));
    }
  }

  /**
   * @param state folder for what is read on the way, so that the same command goes on there
   */
  private Measured measure(Path path, Optional<Path> state) {
    if (source.tokens != null) {
      source.tokens.forEach(rows -> PackedWith.require(rows, path));
    }
    String unit = source.text != null ? "tokens" : source.tokens != null ? "rows" : "pages";
    try (ProgressLine progress = ProgressLine.start("loading %s".formatted(path), "");
        StopSignal _ =
            StopSignal.atOnce(
                state.isPresent()
                    ? "stopped: what was read is kept, the same command goes on"
                    : "stopped: nothing is kept, which --out DIR would");
        Model llama = run.open(path)) {
      progress.begin("reading with %s".formatted(path.getFileName()), unit);
      KeptSums kept =
          state
              .map(
                  folder ->
                      KeptSums.in(
                          folder,
                          Fingerprint.of(path) + " " + llama.weightType(),
                          note -> progress.note("%s: %s".formatted(path, note))))
              .orElse(KeptSums.none());
      Perplexity perplexity = new Perplexity(llama, run.threads(), progress, kept);
      PerplexityResult result =
          source.tokens != null
              ? perplexity.ofRows(source.tokens, orZero(windows.row()), orZero(limit))
              : withTokenizer(path, perplexity);
      return new Measured(
          path,
          llama.description(),
          llama.config().vocabSize(),
          llama.weightBytes(),
          llama.shares(),
          result);
    }
  }

  private PerplexityResult withTokenizer(Path path, Perplexity perplexity) {
    try (Tokenizer words = tokenizer.open(path)) {
      if (source.wikitext != null) {
        return perplexity.ofWikiText(
            TextFiles.read(source.wikitext), words, orZero(limit), orZero(windows.window()));
      }
      // picocli demands one of the sources.
      int[] ids = words.encode(TextFiles.read(Objects.requireNonNull(source.text)));
      int[] read = limit == null || limit >= ids.length ? ids : Arrays.copyOf(ids, limit);
      return perplexity.ofText(read, orZero(windows.window()), orZero(windows.stride()));
    }
  }

  private static int orZero(@Nullable Integer value) {
    return value == null ? 0 : value;
  }

  private static double retention(Measured measured, Measured dense) {
    return dense.result.perplexity() / measured.result.perplexity();
  }

  private ObjectNode json(Measured measured) {
    PerplexityResult result = measured.result;
    ObjectNode json = Json.object();
    json.put("model", measured.path.toString());
    json.put("description", measured.description);
    json.put("rule", result.rule());
    json.put("perplexity", Json.number(result.perplexity()));
    json.put("loss", Json.number(result.loss()));
    json.put("tokens", result.tokens());
    json.put("seconds", Json.number(result.seconds()));
    json.put("tokens_per_second", Json.number(result.tokensPerSecond()));
    measured.shares.describe(json);
    result.shares().describeMeasured(json);
    json.put("bytes", measured.weightBytes);
    json.put("weights", run.weights().name().toLowerCase(Locale.ROOT));
    json.put("threads", run.threads());
    result
        .wikiText()
        .ifPresent(
            counts -> {
              json.put("word_perplexity", Json.number(result.wordPerplexity()));
              json.put("byte_perplexity", Json.number(result.bytePerplexity()));
              json.put("bits_per_byte", Json.number(result.bitsPerByte()));
              json.put("pages", counts.pages());
              json.put("words", counts.words());
              json.put("text_bytes", counts.bytes());
            });
    if (!result.parts().isEmpty()) {
      ArrayNode files = json.putArray("files");
      for (PerplexityResult.Part part : result.parts()) {
        files
            .addObject()
            .put("file", part.file())
            .put("loss", Json.number(part.loss()))
            .put("tokens", part.tokens());
      }
    }
    return json;
  }

  private String table(Measured measured, Optional<Measured> dense) {
    List<Measured> columns = new ArrayList<>();
    dense.ifPresent(columns::add);
    columns.add(measured);
    Table table = new Table();
    table.row("", columns, j -> j.path.getFileName().toString());
    table.row("perplexity (token)", columns, j -> Table.decimals(j.result.perplexity(), 4));
    dense.ifPresent(d -> table.row("retention", columns, j -> Table.percent(retention(j, d), 2)));
    table.row("loss (nats per token)", columns, j -> Table.decimals(j.result.loss(), 4));
    if (source.wikitext != null) {
      table.row("word perplexity", columns, j -> Table.decimals(j.result.wordPerplexity(), 4));
      table.row("byte perplexity", columns, j -> Table.decimals(j.result.bytePerplexity(), 4));
      table.row("bits per byte", columns, j -> Table.decimals(j.result.bitsPerByte(), 4));
    }
    table.row("tokens scored", columns, j -> String.valueOf(j.result.tokens()));
    table.row("tokens/s", columns, j -> Table.decimals(j.result.tokensPerSecond(), 0));
    table.row("active FFN share", columns, j -> Table.percent(j.result.shares().activeFfn(), 1));
    table.row("share all-in", columns, j -> Table.percent(j.result.shares().allIn(), 1));
    table.row("bytes of weights", columns, j -> String.valueOf(j.weightBytes));
    return table + System.lineSeparator() + "(" + measured.result.rule() + ")";
  }
}
