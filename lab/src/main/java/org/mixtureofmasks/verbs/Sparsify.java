package org.mixtureofmasks.verbs;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.mixtureofmasks.cli.Verb;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.train.Estimate;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.Trainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mom sparsify}: from a dense model to a sparse one, as a recipe says. */
@Command(
    name = "sparsify",
    mixinStandardHelpOptions = true,
    description = "Makes a dense model sparse as a recipe says: masks, training, compilation.",
    footer = {
      "",
      "Examples:",
      "  mom sparsify recipes/mom-4m-masks.yaml --out run",
      "  mom sparsify recipes/mom-4m-masks.yaml --out run --set train.lr=2e-4 --set masks.experts=8",
      "  mom sparsify recipes/mom-4m-masks.yaml --out run --steps 0     training-free"
    })
public final class Sparsify implements Verb {
  @Parameters(index = "0", paramLabel = "RECIPE", description = "A .yaml file.")
  private Path recipeFile;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "RUN",
      description = "New folder of the run: resolved recipe, metrics, checkpoints, model.")
  private Path out;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of the recipe, for example train.lr=2e-4; repeatable.")
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

  @Option(names = "--json", description = "One JSON object on stdout.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    List<String> all = new ArrayList<>(overrides);
    if (steps != null) {
      all.add("train.steps=" + steps);
      all.add("train.tokens=0");
    }
    Recipe recipe = Methods.read(recipeFile, all);
    if (dryRun) {
      spec.commandLine().getErr().println("timing a step of training ...");
      spec.commandLine().getErr().flush();
      return dryRun(Estimate.of(recipe), recipe);
    }
    RunReport report = new RunReport(spec.commandLine().getErr());
    try (Trainer trainer = Trainer.begin(recipe, out, report.listener())) {
      return report.finish(trainer, spec.commandLine().getOut(), json);
    }
  }

  private int dryRun(Estimate e, Recipe recipe) {
    PrintWriter to = spec.commandLine().getOut();
    double seconds = e.steps() * e.secondsPerStep();
    if (json) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("steps", e.steps());
      all.put("tokens", e.steps() * e.tokensPerStep());
      all.put("parameters", e.parameters());
      all.put("memory_bytes", e.memoryBytes());
      all.put("disk_bytes", e.diskBytes());
      all.put("seconds", Double.isNaN(seconds) ? null : seconds);
      to.println(RunReport.toJson(all));
    } else {
      to.print(recipe.resolvedYaml());
      to.printf(
          Locale.ROOT,
          "%nWould train %,d parameters for %,d steps of %,d tokens: about %.1f GB of memory, %.2f GB of"
              + " disk, %s.%nNothing was written.%n",
          e.parameters(),
          e.steps(),
          e.tokensPerStep(),
          e.memoryBytes() / 1e9,
          e.diskBytes() / 1e9,
          Double.isNaN(seconds)
              ? "more memory than this machine has free: lower train.micro_batch_rows"
              : ProgressLines.duration(seconds) + " on this machine as busy as it is now");
    }
    to.flush();
    return 0;
  }
}
