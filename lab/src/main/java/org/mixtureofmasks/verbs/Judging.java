package org.mixtureofmasks.verbs;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.cli.Table;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.report.RunPage;
import org.mixtureofmasks.train.RunFolder;
import org.mixtureofmasks.train.Settings;
import org.mixtureofmasks.verdict.Figures;
import org.mixtureofmasks.verdict.HeldOut;
import org.mixtureofmasks.verdict.Judge;
import org.mixtureofmasks.verdict.Verdict;

/** The end of a run: its model beside the dense one, for people, as JSON and as a page. */
final class Judging {
  private final Judge judge;

  private Judging(Judge judge) {
    this.judge = judge;
  }

  /**
   * The held-out text of a recipe, packed and read.
   *
   * @return empty if the recipe names none
   */
  static Optional<Judging> of(Recipe recipe) {
    Settings settings = Settings.of(recipe);
    List<Path> files = settings.heldOutFiles();
    if (files.isEmpty()) {
      return Optional.empty();
    }
    int vocabulary;
    try (Checkpoint dense = Checkpoints.open(settings.model())) {
      vocabulary = ConfigReader.read(dense).vocabSize();
    }
    HeldOut heldOut =
        HeldOut.of(
            files.stream().map(settings::packed).toList(),
            recipe.get(RunKeys.ROW),
            vocabulary,
            recipe.get(RunKeys.EVALUATE_HELD_OUT_ROWS));
    return Optional.of(new Judging(new Judge(settings.model(), heldOut)));
  }

  /** Judges a run's model and writes verdict.json and report.html. */
  Verdict judge(RunFolder run, Progress progress) {
    Verdict verdict = judge.compare(run.model(), progress);
    AtomicFiles.writeString(run.verdict(), Json.pretty(verdict.json()) + "\n");
    AtomicFiles.writeString(
        run.report(),
        RunPage.html(run.path().getFileName().toString(), verdict.json(), metrics(run)));
    return verdict;
  }

  private static List<JsonNode> metrics(RunFolder run) {
    List<JsonNode> lines = new ArrayList<>();
    if (!Files.exists(run.metrics())) {
      return lines;
    }
    try {
      for (String line : Files.readAllLines(run.metrics())) {
        lines.add(Json.parse(line));
      }
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(run.metrics(), e.getMessage()), e);
    }
    return lines;
  }

  /** What a person reads. */
  static String forPeople(Verdict verdict, RunFolder run, Path dense, boolean trained) {
    List<Figures> columns = List.of(verdict.dense(), verdict.sparse());
    Table table = new Table().row("", "dense", "sparse");
    table.row(
        "perplexity, held-out text", columns, f -> Table.decimals(f.quality().perplexity(), 2));
    table.row(
        "active FFN share, measured",
        columns,
        f -> Table.percent(f.quality().shares().activeFfn(), 1));
    table.row(
        "share all-in, measured", columns, f -> Table.percent(f.quality().shares().allIn(), 1));
    table.row("decode tokens/s", columns, f -> Table.decimals(f.decode(), 1));
    table.row("prefill tokens/s", columns, f -> Table.decimals(f.prefill(), 0));
    table.row("bytes of weights", columns, f -> String.valueOf(f.bytes()));
    table.row("bytes read per token", columns, f -> String.valueOf(f.bytesPerToken()));
    StringBuilder text = new StringBuilder("\n" + table + "\n\n" + verdict.words() + "\n\n");
    text.append(
        "Files: model %s, report %s, figures %s, recipe %s%n%nNext:%n"
            .formatted(run.model(), run.report(), run.verdict(), run.recipe()));
    next(verdict, run, dense, trained).forEach(line -> text.append("  ").append(line).append('\n'));
    return text.toString();
  }

  private static List<String> next(Verdict verdict, RunFolder run, Path dense, boolean trained) {
    List<String> lines = new ArrayList<>();
    Path model = run.model();
    lines.add(ShellWords.command("mom", "generate", model, "--prompt", "Once upon a time"));
    lines.add(ShellWords.command("mom", "bench", model, "--reference", dense));
    lines.add(
        ShellWords.command("mom", "evaluate", model, "--reference", dense, "--text")
            + " FILE     on other text");
    if (!trained && verdict.wantsTraining()) {
      lines.add(
          ShellWords.command("mom", "sparsify", dense, "--text")
              + " FILE --budget 2h --out "
              + ShellWords.quote(run.path() + "-trained")
              + "     masks and weights learn to make up for it");
    }
    return lines;
  }
}
