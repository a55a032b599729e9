package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.AtomicFiles;
import org.mixtureofmasks.evaluate.Perplexity;
import org.mixtureofmasks.evaluate.PerplexityResult;
import org.mixtureofmasks.model.Llama;
import org.mixtureofmasks.tokenizer.PackedWith;
import org.mixtureofmasks.tokenizer.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code mom evaluate}: how well a model predicts text, beside a dense reference. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures how well a model predicts text, and how fast; beside a dense reference.",
    footer = {
      "",
      "Examples:",
      "  mom evaluate MODEL --text book.txt --window 512 --stride 256",
      "  mom evaluate SPARSE --reference DENSE --tokens valid.u16 --row 257",
      "  mom evaluate MODEL --wikitext wiki.test.raw --limit 5 --json",
      "",
      "Perplexity is exp of the mean loss per token. Retention is the reference's perplexity over",
      "the model's: 100 %% when nothing was lost. --wikitext follows lm-evaluation-harness: pages,",
      "detokenised, rolling windows; its word perplexity is comparable with published ones.",
      "--out DIR writes DIR/results.json, whole or not at all."
    })
public final class EvaluateVerb implements Verb {
  /** What is read: exactly one of these. */
  static final class Source {
    @Option(
        names = "--text",
        paramLabel = "FILE",
        required = true,
        description = "A UTF-8 text; it is tokenised as a whole.")
    private Path text;

    @Option(
        names = "--tokens",
        paramLabel = "FILE",
        arity = "1..*",
        required = true,
        description = "Packed rows of token ids, little-endian uint16; needs --row.")
    private List<Path> tokens;

    @Option(
        names = "--wikitext",
        paramLabel = "FILE",
        required = true,
        description = "WikiText in its raw form (wiki.test.raw).")
    private Path wikitext;
  }

  @Mixin private ModelOptions model;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source;

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "With --text: tokens read in a pass. Default: the model's context.")
  private Integer window;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description =
          "With --text: distance of two windows; below the window, tokens see more context. Default: the window.")
  private Integer stride;

  @Option(
      names = "--row",
      paramLabel = "N",
      description =
          "With --tokens: tokens in a row; all but the last are read, all but the first scored.")
  private Integer row;

  @Option(
      names = "--reference",
      paramLabel = "DENSE",
      description = "Another model to evaluate beside it.")
  private Path reference;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Read at most N tokens of a text, rows of each file, or pages. Default: all.")
  private Integer limit;

  @Option(names = "--out", paramLabel = "DIR", description = "Write results.json into this folder.")
  private Path out;

  @Mixin private TokenizerOptions tokenizer;
  @Mixin private OutputOptions output;

  /** One model's figures. */
  private record Judged(
      Path path, String description, int vocabSize, long weightBytes, PerplexityResult result) {}

  @Override
  public Integer call() {
    checkOptions();
    // One after the other: two models at once would share memory and bandwidth.
    Optional<Judged> dense = Optional.ofNullable(reference).map(this::judge);
    Judged judged = judge(model.path());
    dense.ifPresent(d -> requireComparable(judged, d));
    ObjectNode json = json(judged);
    dense.ifPresent(
        d -> {
          json.put("retention", Terminal.number(retention(judged, d)));
          json.set("reference", json(d));
        });
    if (out != null) {
      AtomicFiles.writeString(out.resolve("results.json"), Terminal.jsonText(json) + "\n");
    }
    output.print(json, () -> table(judged, dense));
    return 0;
  }

  private void checkOptions() {
    if (source.text == null && (window != null || stride != null)) {
      throw UserError.usage("--window and --stride go with --text only");
    }
    if (source.tokens == null && row != null) {
      throw UserError.usage("--row goes with --tokens only");
    }
    if (source.tokens != null && row == null) {
      throw UserError.usage(
          "--tokens needs --row N, the tokens in a row, such as --row 257 for 256 inputs");
    }
    if (source.tokens != null && tokenizer.given()) {
      throw UserError.usage(
          "--tokens are ids already: --tokenizer goes with --text and --wikitext");
    }
    for (var option :
        new Object[][] {
          {"--window", window}, {"--stride", stride}, {"--row", row}, {"--limit", limit}
        }) {
      if (option[1] instanceof Integer value && value < 1) {
        throw UserError.usage(option[0] + " " + value + ": it must be at least 1");
      }
    }
  }

  /** A token's perplexity depends on what a token is; a word's (WikiText) does not. */
  private void requireComparable(Judged judged, Judged dense) {
    if (source.wikitext == null && judged.vocabSize != dense.vocabSize) {
      throw new UserError(
          "--reference "
              + dense.path
              + " has a vocabulary of "
              + dense.vocabSize
              + ", "
              + judged.path
              + " one of "
              + judged.vocabSize
              + ": perplexities of different tokens do not compare; take --wikitext, which counts"
              + " words");
    }
  }

  private Judged judge(Path path) {
    if (source.tokens != null) {
      source.tokens.forEach(rows -> PackedWith.require(rows, path));
    }
    String unit = source.text != null ? "tokens" : source.tokens != null ? "rows" : "pages";
    try (Llama llama = model.open(path);
        ProgressLine progress = ProgressLine.start("evaluate " + path.getFileName(), unit)) {
      Perplexity perplexity = new Perplexity(llama, model.threads(), progress::at);
      PerplexityResult result =
          source.tokens != null
              ? perplexity.ofRows(source.tokens, row, orZero(limit))
              : withTokenizer(path, perplexity);
      return new Judged(
          path, llama.description(), llama.config().vocabSize(), llama.weightBytes(), result);
    }
  }

  private PerplexityResult withTokenizer(Path path, Perplexity perplexity) {
    try (Tokenizer words = tokenizer.open(path)) {
      if (source.wikitext != null) {
        return perplexity.ofWikiText(TextFiles.read(source.wikitext), words, orZero(limit));
      }
      int[] ids = words.encode(TextFiles.read(source.text));
      int[] read = limit == null || limit >= ids.length ? ids : java.util.Arrays.copyOf(ids, limit);
      return perplexity.ofText(read, orZero(window), orZero(stride));
    }
  }

  private static int orZero(Integer value) {
    return value == null ? 0 : value;
  }

  private static double retention(Judged judged, Judged dense) {
    return dense.result.perplexity() / judged.result.perplexity();
  }

  private ObjectNode json(Judged judged) {
    PerplexityResult result = judged.result;
    ObjectNode json = Terminal.object();
    json.put("model", judged.path.toString());
    json.put("description", judged.description);
    json.put("rule", result.rule());
    json.put("perplexity", Terminal.number(result.perplexity()));
    json.put("loss", Terminal.number(result.loss()));
    json.put("tokens", result.tokens());
    json.put("seconds", Terminal.number(result.seconds()));
    json.put("tokens_per_second", Terminal.number(result.tokensPerSecond()));
    json.put("active_ffn_share_measured", Terminal.number(result.activeFfnShare()));
    json.put("bytes", judged.weightBytes);
    json.put("weights", model.weights().name().toLowerCase(Locale.ROOT));
    json.put("threads", model.threads());
    result
        .wikiText()
        .ifPresent(
            counts -> {
              json.put("word_perplexity", Terminal.number(result.wordPerplexity()));
              json.put("byte_perplexity", Terminal.number(result.bytePerplexity()));
              json.put("bits_per_byte", Terminal.number(result.bitsPerByte()));
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
            .put("loss", Terminal.number(part.loss()))
            .put("tokens", part.tokens());
      }
    }
    return json;
  }

  private String table(Judged judged, Optional<Judged> dense) {
    List<Judged> columns = new ArrayList<>();
    dense.ifPresent(columns::add);
    columns.add(judged);
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
    table.row("active FFN share", columns, j -> Table.percent(j.result.activeFfnShare(), 1));
    table.row("bytes of weights", columns, j -> String.valueOf(j.weightBytes));
    return table + System.lineSeparator() + "(" + judged.result.rule() + ")";
  }
}
