package org.mixtureofmasks.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mom evaluate}: how good a model is at tasks and at text, beside a dense reference. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures how well a model answers tasks or predicts text; beside a dense reference.",
    footer = {
      "",
      "Examples:",
      "  mom evaluate --list --data DIR",
      "  mom evaluate SPARSE --reference DENSE --data DIR --out results \\",
      "      --tasks boolq,piqa,social_iqa,hellaswag:10,arc_easy",
      "  mom evaluate MODEL --tasks mmlu --shots 5 --limit 20 --data DIR --json",
      "  mom evaluate MODEL --tasks boolq,hellaswag:10@1000,mmlu@20 --data DIR --json",
      "  mom evaluate MODEL --text book.txt --window 512 --stride 256",
      "  mom evaluate SPARSE --reference DENSE --tokens valid.u16 --row 257",
      "  mom evaluate MODEL --wikitext wiki.test.raw --limit 5 --json",
      "",
      "Tasks follow lm-evaluation-harness to the prompt. The paper's five tasks, as Sheared LLaMA",
      "has them, are those of the second example: HellaSwag 10-shot by acc_norm, the others 0-shot",
      "by acc. --out DIR writes results_TIME.json and samples_TASK_TIME.jsonl as the harness does",
      "('mom compare' reads both); the same command goes on after the last finished task.",
      "Retention is the model's figure over the reference's, or the reference's over the model's",
      "where less is better; above chance: the same after what guessing gives was taken off both.",
      "",
      "Perplexity is exp of the mean loss per token. --wikitext follows lm-evaluation-harness:",
      "pages, detokenised, rolling windows; its word perplexity is comparable with published ones of",
      "the same window (the harness's own is the model's context: --window N).",
      "--out DIR then writes DIR/results.json, whole or not at all; of a text and of WikiText the",
      "same command goes on where it was interrupted."
    })
public final class EvaluateVerb implements Verb {
  /** What is read: exactly one of these. */
  static final class Source {
    @Option(
        names = "--tasks",
        paramLabel = "TASK[:SHOTS][@N]",
        split = ",",
        required = true,
        description =
            "Tasks or groups of tasks, separated by commas; @N: at most N documents of this one, of"
                + " a group's tasks each. Needs --data.")
    @Nullable List<String> tasks;

    @Option(
        names = "--list",
        required = true,
        description = "Print the tasks, and which of their files are below --data.")
    boolean list;

    @Option(
        names = "--text",
        paramLabel = "FILE",
        required = true,
        description = "A UTF-8 text; it is tokenised as a whole.")
    @Nullable Path text;

    @Option(
        names = "--tokens",
        paramLabel = "FILE",
        arity = "1..*",
        required = true,
        description = "Packed rows of token ids (.u16, .u32); needs --row.")
    @Nullable List<Path> tokens;

    @Option(
        names = "--wikitext",
        paramLabel = "FILE",
        required = true,
        description = "WikiText in its raw form (wiki.test.raw).")
    @Nullable Path wikitext;
  }

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      description = "A Hugging Face folder, a .gguf file or a llama2.c .bin file.")
  private @Nullable Path model;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source;

  @Mixin private TaskOptions taskOptions;
  @Mixin private ServerOptions server;
  @Mixin private WindowOptions windows;

  @Option(
      names = "--reference",
      paramLabel = "DENSE",
      description = "Another model to evaluate beside it.")
  private @Nullable Path reference;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description =
          "At most N documents of each task without an @N, tokens of a text, rows of each file, or"
              + " pages. Default: all.")
  private @Nullable Integer limit;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write results into this folder; with --tasks, go on from what it holds.")
  private @Nullable Path out;

  @Mixin private RunOptions run;
  @Mixin private TokenizerOptions tokenizer;
  @Mixin private OutputOptions output;

  @Override
  public Integer call() {
    if (source.list) {
      TaskList.print(taskOptions, output);
      return 0;
    }
    try (ProgressLine _ = ProgressLine.start("evaluating", "")) {
      evaluate();
    }
    return 0;
  }

  private void evaluate() {
    Optional<Path> local = localModel();
    if (source.tasks != null) {
      if (windows.given()) {
        throw UserError.usage("--window, --stride and --row do not go with --tasks");
      }
      new TasksMode(source.tasks, taskOptions, limit, out, output)
          .run(
              () -> local.map(this::open).orElseGet(() -> server.open(tokenizer.file())),
              Optional.ofNullable(reference).map(path -> () -> open(path)));
      return;
    }
    if (taskOptions.given()) {
      throw UserError.usage("--data, --shots and --fresh go with --tasks");
    }
    new PerplexityEvaluation(source, windows, limit, run, tokenizer)
        .run(local.orElseThrow(), Optional.ofNullable(reference), Optional.ofNullable(out), output);
  }

  /** MODEL; empty when a served one is named instead, which only --tasks can do. */
  private Optional<Path> localModel() {
    if (server.given() && source.tasks == null) {
      throw UserError.usage("--url, --api-model and --api-context go with --tasks");
    }
    if (server.given() && model != null) {
      throw UserError.usage("MODEL and --url name two models: give one, or MODEL as --reference");
    }
    if (!server.given() && model == null) {
      throw UserError.usage("MODEL is missing: name the model to evaluate");
    }
    return Optional.ofNullable(model);
  }

  private Candidate open(Path path) {
    return new LocalCandidate(path, run, tokenizer);
  }
}
