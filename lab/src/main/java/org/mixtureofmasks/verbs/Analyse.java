package org.mixtureofmasks.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.analyse.Analysis;
import org.mixtureofmasks.analyse.AnalysisSettings;
import org.mixtureofmasks.cli.OutputOptions;
import org.mixtureofmasks.cli.ProgressLine;
import org.mixtureofmasks.cli.RunOptions;
import org.mixtureofmasks.cli.StopSignal;
import org.mixtureofmasks.cli.Table;
import org.mixtureofmasks.cli.Terminal;
import org.mixtureofmasks.cli.Verb;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.report.AnalysisReport;
import org.mixtureofmasks.report.FewTokens;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mom analyse}: what the experts or the token masks of a sparse model do. */
@Command(
    name = "analyse",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Shows what the experts of a sparse model do: their masks, which tokens choose them, and"
            + " what is lost without them; of a model with token masks how much each token keeps"
            + " and which neurons how often.",
    footer = {
      "",
      "Examples:",
      "  mom analyse MODEL --text novel.txt textbook.txt --out analysis",
      "  mom analyse RUN --tokens valid.u16 --row 257 --reference DENSE --out analysis",
      "  mom analyse MODEL --mmlu mmlu --text novel.txt --limit 50000 --out analysis",
      "",
      "Each file is a data set, and so is each subject of MMLU. DIR/report.html shows what was"
          + " found,",
      "DIR/analysis.json holds all numbers (docs/analysis.md says what they are); earlier ones"
          + " there",
      "are replaced."
    })
public final class Analyse implements Verb {
  @Parameters(
      index = "0",
      paramLabel = "MODEL|RUN",
      description =
          "A sparse model folder, or the folder of a run: then its compiled model, and how the"
              + " experts' masks of its checkpoints have changed.")
  private Path path;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for report.html and analysis.json.")
  private Path out;

  @Option(
      names = "--text",
      paramLabel = "FILE",
      arity = "1..*",
      description = "UTF-8 texts; read in windows of the model's context, 2,048 tokens at most.")
  private List<Path> texts = new ArrayList<>();

  @Option(
      names = "--tokens",
      paramLabel = "FILE",
      arity = "1..*",
      description = "Packed rows of token ids (.u16, .u32); needs --row.")
  private List<Path> tokens = new ArrayList<>();

  @Option(
      names = "--row",
      paramLabel = "N",
      description = "With --tokens: tokens in a row; all but the last are read.")
  private Integer row;

  @Option(
      names = "--mmlu",
      paramLabel = "DIR",
      description = "MMLU: a folder named mmlu, or one that holds it; as mom evaluate reads it.")
  private Path mmlu;

  @Option(
      names = "--shots",
      paramLabel = "N",
      description = "With --mmlu: examples before each question. Default: 0.")
  private Integer shots;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Most tokens of each data set. Default: 20,000; of a subject of MMLU 4,000.")
  private Integer limit;

  @Option(
      names = "--reference",
      paramLabel = "DENSE",
      description = "The dense model: how far each layer's output is from its, on the same inputs.")
  private Path reference;

  @Option(
      names = "--removal-tokens",
      paramLabel = "N",
      description =
          "Tokens on which each expert is removed to see what is lost; token masks have no experts."
              + " Default: 2,048.")
  private Integer removalTokens;

  @Option(names = "--no-removal", description = "Remove no expert: faster.")
  private boolean noRemoval;

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description = "A tokenizer.json, or a folder that has one. Default: the model's own.")
  private Path tokenizer;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute. Default: one for each core.")
  private Integer threads;

  @Mixin private OutputOptions output;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    checkOptions();
    requireWritable();
    ObjectNode analysis;
    try (ProgressLine progress = ProgressLine.start("reading %s".formatted(path), "");
        StopSignal _ = StopSignal.atOnce("stopped: nothing was written")) {
      analysis = Analysis.of(settings(), progress);
    }
    Path file = out.resolve("analysis.json");
    AtomicFiles.writeString(file, analysis.toPrettyString() + "\n");
    Path report = out.resolve("report.html");
    AtomicFiles.writeString(report, AnalysisReport.html(analysis));
    ObjectNode main = mainNumbers(analysis, file, report);
    FewTokens.warning(analysis)
        .ifPresent(
            warning -> {
              Terminal.note("warning: %s".formatted(warning));
              main.put("warning", warning);
            });
    output.print(main, () -> table(main));
    return 0;
  }

  private void checkOptions() {
    if (texts.isEmpty() && tokens.isEmpty() && mmlu == null) {
      throw UserError.usage(
          "no data: experts are known by the tokens that choose them, token masks by what tokens"
              + " keep; give --text FILE, --tokens FILE --row N, or --mmlu DIR");
    }
    if (tokens.isEmpty() != (row == null)) {
      throw UserError.usage(
          "--tokens and --row go together: --row N is the tokens in a row, such as --row 257 for"
              + " 256 inputs");
    }
    if (shots != null && (mmlu == null || shots < 0)) {
      throw UserError.usage("--shots goes with --mmlu and is at least 0");
    }
    if (noRemoval && removalTokens != null) {
      throw UserError.usage("--no-removal and --removal-tokens exclude each other");
    }
    for (var option :
        new Object[][] {
          {"--limit", limit}, {"--removal-tokens", removalTokens}, {"--threads", threads}
        }) {
      if (option[1] instanceof Integer value && value < 1) {
        throw UserError.usage("%s %s: it must be at least 1".formatted(option[0], value));
      }
    }
  }

  /** Before the work, which takes minutes. */
  private void requireWritable() {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new UserError("--out %s is no folder and cannot be made one: %s".formatted(out, e), e);
    }
    if (!Files.isWritable(out)) {
      throw new UserError("--out %s cannot be written: name another folder".formatted(out));
    }
  }

  private AnalysisSettings settings() {
    int cores = LoadOptions.defaults().threads();
    if (threads != null) {
      RunOptions.warnOfThreads(threads, cores);
    }
    return new AnalysisSettings(
        path,
        texts,
        tokens,
        row == null ? 0 : row,
        Optional.ofNullable(mmlu),
        shots == null ? 0 : shots,
        limit == null ? 0 : limit,
        Optional.ofNullable(reference),
        removal(),
        Optional.ofNullable(tokenizer),
        threads == null ? cores : threads,
        spec.commandLine().getParseResult().originalArgs().stream()
            .map(ShellWords::quote)
            .collect(Collectors.joining(" ", "mom ", "")));
  }

  private OptionalInt removal() {
    if (noRemoval) {
      return OptionalInt.of(0);
    }
    return removalTokens == null ? OptionalInt.empty() : OptionalInt.of(removalTokens);
  }

  private static ObjectNode mainNumbers(ObjectNode analysis, Path file, Path report) {
    ObjectNode main = Json.object();
    main.put("analysis", file.toString());
    main.put("report", report.toString());
    main.put("tokens", analysis.get("tokens").asLong());
    Shares.readMeasured(analysis).orElseThrow().describeMeasured(main);
    if (analysis.get("model").has("experts")) {
      experts(analysis, main);
    } else {
      tokenMasks(analysis, main);
    }
    return main;
  }

  private static void tokenMasks(ObjectNode analysis, ObjectNode main) {
    main.put("kept_inputs_mean", mean(analysis, "/kept_inputs/mean"));
    for (String figure : List.of("mean", "p05", "p95")) {
      main.put("kept_neurons_" + figure, mean(analysis, "/kept_neurons/" + figure));
    }
    int always = analysis.at("/layers/0/frequency_histogram").size() - 1;
    main.put("neurons_never_active", mean(analysis, "/frequency_histogram/0"));
    main.put("neurons_always_active", mean(analysis, "/frequency_histogram/" + always));
    if (analysis.at("/layers/0").has("neighbour_overlap")) {
      main.put("neighbour_overlap", mean(analysis, "/neighbour_overlap/mean"));
      main.put("neighbour_overlap_by_chance", mean(analysis, "/neighbour_overlap/by_chance"));
    }
  }

  private static void experts(ObjectNode analysis, ObjectNode main) {
    main.put("router_entropy_mean", mean(analysis, "/entropy/mean"));
    main.put("load_max_over_mean", mean(analysis, "/load_max_over_mean"));
    for (String of : List.of("token", "token_by_chance", "domain", "domain_by_chance")) {
      if (analysis.at("/layers/0/mutual_information").has(of)) {
        main.put("mutual_information_" + of, mean(analysis, "/mutual_information/" + of));
      }
    }
    main.put("distinct_paths", analysis.at("/paths/distinct").asInt());
    if (analysis.has("subjects")) {
      for (String key : List.of("within_mean", "between_mean", "p_value")) {
        JsonNode value = analysis.get("subjects").path(key);
        main.put("subjects_" + key, value.isNumber() ? value.asDouble() : null);
      }
    }
    if (analysis.has("removal")) {
      main.put("largest_loss_increase", largest(analysis).orElseThrow());
    }
  }

  private static double mean(ObjectNode analysis, String pointer) {
    return StreamSupport.stream(analysis.get("layers").spliterator(), false)
        .mapToDouble(layer -> layer.at(pointer).asDouble())
        .average()
        .orElseThrow();
  }

  private static OptionalDouble largest(ObjectNode analysis) {
    return StreamSupport.stream(analysis.at("/removal/experts").spliterator(), false)
        .mapToDouble(e -> e.get("loss_increase").asDouble())
        .max();
  }

  private static String table(ObjectNode main) {
    Table table = new Table();
    main.properties()
        .forEach(
            e ->
                table.row(
                    e.getKey().replace('_', ' '),
                    e.getValue().isDouble()
                        ? Table.decimals(e.getValue().asDouble(), 4)
                        : e.getValue().asText()));
    return table.toString();
  }
}
