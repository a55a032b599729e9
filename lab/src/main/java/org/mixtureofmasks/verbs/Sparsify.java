package org.mixtureofmasks.verbs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.cli.Verb;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.ledger.Ledger;
import org.mixtureofmasks.ledger.LedgerJson;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.Pace;
import org.mixtureofmasks.train.RunFolder;
import org.mixtureofmasks.train.RunForecast;
import org.mixtureofmasks.train.RunForecast.Timing;
import org.mixtureofmasks.train.Trainer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mom sparsify}: from a dense model to a sparse one, by a recipe or by what it chooses. */
@Command(
    name = "sparsify",
    mixinStandardHelpOptions = true,
    description =
        "Makes a dense model sparse, end to end: masks, fine-tuning, compilation, and the result"
            + " beside the dense model. Settings come from a recipe, or are chosen by the model's"
            + " size and the budget.",
    footer = {
      "",
      "Examples:",
      "  mom sparsify MODEL --text my.txt --out run                     half of the FFN, no training: minutes",
      "  mom sparsify MODEL --text *.txt --budget 2h --out run          the same, fine-tuned",
      "  mom sparsify model.Q8_0.gguf --text my.txt --share 75%% --out run",
      "  mom sparsify recipes/mom-4m-masks.yaml --out run",
      "  mom sparsify recipes/mom-4m-masks.yaml --out run --set train.lr=2e-4 --set masks.experts=8",
      "  mom sparsify recipes/mom-4m-masks.yaml --out run --steps 0     training-free"
    })
public final class Sparsify implements Verb {
  @Parameters(
      index = "0",
      paramLabel = "MODEL|RECIPE",
      description =
          "A dense model (a Hugging Face folder, a .gguf file), or a recipe: its name ends in .yaml.")
  private Path from;

  @ArgGroup(exclusive = false, validate = false)
  private OwnModel own = new OwnModel();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "RUN",
      description = "New folder of the run: resolved recipe, metrics, checkpoints, model.")
  private Path out;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Overrides a key of the recipe, for example train.lr=2e-4; repeatable. With a RECIPE only.")
  private List<String> overrides = new ArrayList<>();

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Shorthand for --set train.steps=N; 0 trains nothing.")
  private Integer steps;

  @Option(
      names = "--dry-run",
      description = "Print what would be done, with memory and time, and write nothing.")
  private boolean dryRun;

  @Option(
      names = "--untimed",
      description =
          "Do not time a few layers before a long run; then its end compares memory alone with"
              + " what was predicted.")
  private boolean untimed;

  @Option(
      names = "--no-verdict",
      description = "Do not judge the finished model beside the dense one on held-out text.")
  private boolean noVerdict;

  @Option(names = "--json", description = "One JSON object on stdout.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return isRecipe() ? byRecipe() : ofOwnModel();
  }

  private boolean isRecipe() {
    String name = String.valueOf(from.getFileName()).toLowerCase(Locale.ROOT);
    return name.endsWith(".yaml") || name.endsWith(".yml");
  }

  private int byRecipe() {
    if (own.given()) {
      throw UserError.usage(
          "--text, --held-out, --share and --budget go with a model, %s is a recipe: set data.train, evaluate.held_out, masks.target and train.steps there"
              .formatted(from));
    }
    List<String> all = new ArrayList<>(overrides);
    if (steps != null) {
      all.add("train.steps=" + steps);
      all.add("train.tokens=0");
    }
    try (RunProgress progress = progress()) {
      Recipe recipe = Methods.read(from, all);
      RunForecast forecast = RunForecast.of(recipe, out, timing());
      if (dryRun) {
        progress.end();
        return dryRun(forecast, recipe);
      }
      forecast.require(Machine.here(out));
      return run(recipe, forecast, Pace.FIXED, progress);
    }
  }

  private RunProgress progress() {
    return new RunProgress(spec.commandLine().getErr(), "forecasting memory and time");
  }

  private int ofOwnModel() {
    if (!overrides.isEmpty() || steps != null) {
      throw UserError.usage(
          "--set and --steps go with a recipe, %s is a model: give --budget, or a copy of the recipe that an earlier run chose (RUN/inputs/recipe.yaml)"
              .formatted(from));
    }
    try (RunProgress progress = progress()) {
      OwnModel.Ready ready = own.prepare(from, out, timing(), progress);
      Recipe recipe = ready.planned().recipe();
      RunForecast forecast = ready.planned().forecast();
      if (!dryRun) {
        return run(recipe, forecast, ready.pace(), progress);
      }
      progress.end();
      return dryRun(forecast, recipe);
    } finally {
      if (!RunFolder.begun(out)) {
        own.discard(out);
      }
    }
  }

  private int run(Recipe recipe, RunForecast forecast, Pace pace, RunProgress progress) {
    Optional<Judging> judging = noVerdict ? Optional.empty() : Judging.of(recipe);
    RunReport report = new RunReport(progress, Optional.of(forecast.ledger()));
    try (Trainer trainer = Trainer.begin(recipe, out, report.listener())) {
      trainer.pace(pace);
      return report.finish(trainer, judging, spec.commandLine().getOut(), json);
    } catch (CancellationException e) {
      return progress.stoppedBeforeTraining(out);
    }
  }

  private Timing timing() {
    if (dryRun) {
      return Timing.ALWAYS;
    }
    return untimed ? Timing.NEVER : Timing.OF_LONG_RUNS;
  }

  private int dryRun(RunForecast forecast, Recipe recipe) {
    PrintWriter to = spec.commandLine().getOut();
    Ledger ledger = forecast.ledger();
    Machine machine = Machine.here(out);
    if (json) {
      ObjectNode all = Json.object();
      all.put("steps", forecast.steps());
      all.put("tokens", forecast.steps() * forecast.tokensPerStep());
      all.put("parameters", forecast.parameters());
      LedgerJson.describe(ledger, all);
      all.put("available_memory_bytes", machine.memoryBytes());
      all.put("available_disk_bytes", machine.diskBytes());
      to.println(all);
    } else {
      to.print(recipe.resolvedYaml());
      to.printf(
          Locale.ROOT,
          "%nWould train %,d parameters for %,d steps of %,d tokens.%n%n%s%n%n"
              + "At most %s of memory (%s are available) and %s of disk (%s are free), %s on this"
              + " machine as busy as it is now. Nothing was written.%n",
          forecast.parameters(),
          forecast.steps(),
          forecast.tokensPerStep(),
          LedgerTables.predicted(ledger),
          Machine.gigabytes(ledger.memoryBytes()),
          Machine.gigabytes(machine.memoryBytes()),
          Machine.gigabytes(ledger.diskBytes()),
          Machine.gigabytes(machine.diskBytes()),
          LedgerTables.time(ledger.seconds()));
    }
    to.flush();
    forecast.require(machine);
    return 0;
  }
}
