package org.mixtureofmasks.verbs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.bench.BenchResult;
import org.mixtureofmasks.bench.BenchSettings;
import org.mixtureofmasks.bench.Benchmark;
import org.mixtureofmasks.cli.OutputOptions;
import org.mixtureofmasks.cli.ProgressLine;
import org.mixtureofmasks.cli.StopSignal;
import org.mixtureofmasks.cli.Table;
import org.mixtureofmasks.cli.Terminal;
import org.mixtureofmasks.cli.Verb;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.demo.DemoFiles;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.generate.Generation;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.TextFiles;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.perplexity.Perplexity;
import org.mixtureofmasks.perplexity.PerplexityResult;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.tokenizer.Tokenizer;
import org.mixtureofmasks.train.FinishedRun;
import org.mixtureofmasks.train.Methods;
import org.mixtureofmasks.train.RunPhase;
import org.mixtureofmasks.train.Trainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code mom demo}: end to end on the embedded model, one table at the end. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "End to end on a small embedded model, in a few minutes on two cores: masks from"
            + " activation statistics, a short fine-tuning, compilation, evaluation, generation; one"
            + " table.",
    footer = {
      "",
      "Examples:",
      "  mom demo",
      "  mom demo --steps 0             training-free: masks from statistics only",
      "  mom demo --out /tmp/demo --json",
      "",
      "The model has 4.5M parameters and was trained on novels, textbooks and an almanac; what is",
      "measured is real, on text that neither it nor the fine-tuning has seen. The folder keeps all",
      "that was made: recipe.yaml, dense/, run/ and sparse/."
    })
public final class Demo implements Verb {
  private static final String PROMPT = "It was a dark and stormy night, and";
  private static final int GENERATED = 48;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "runs/demo",
      description =
          "Folder for what is made; an earlier demo there is replaced. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Steps of fine-tuning; 0: training-free. Default: as the demo's recipe says, 50.")
  private Integer steps;

  @Mixin private OutputOptions output;

  /** A model's figures. */
  private record Measured(PerplexityResult quality, BenchResult speed, String text) {}

  @Override
  public Integer call() {
    try (ProgressLine progress = ProgressLine.start("unpacking the model and its texts", "");
        StopSignal _ = StopSignal.atOnce("stopped: the same command begins again")) {
      return call(progress);
    }
  }

  private int call(ProgressLine progress) {
    Terminal.note("1/4 the dense model, its texts and the recipe: %s".formatted(out));
    DemoFiles files = DemoFiles.writeTo(out);
    Terminal.note("2/4 masks at 50 %% of the FFN, and fine-tuning: %s".formatted(files.recipe()));
    sparsify(files, progress);
    Terminal.note("3/4 held-out text, dense and sparse");
    PerplexityResult dense = evaluate(files, files.dense(), progress);
    PerplexityResult sparse = evaluate(files, files.sparse(), progress);
    Terminal.note("4/4 speed, in turns, and a sentence of each");
    progress.begin("loading both models", "");
    try (Model denseModel = Model.open(files.dense(), LoadOptions.defaults());
        Model sparseModel = Model.open(files.sparse(), LoadOptions.defaults())) {
      BenchResult.Pair speed = bench(denseModel, sparseModel, progress);
      progress.begin("writing a sentence with each", "");
      Measured before =
          new Measured(dense, speed.reference().orElseThrow(), continuation(files, denseModel));
      Measured after = new Measured(sparse, speed.model(), continuation(files, sparseModel));
      Shares shares = sparseModel.shares();
      progress.end();
      output.print(json(before, after, shares, speed), () -> report(before, after, shares, speed));
    }
    return 0;
  }

  private void sparsify(DemoFiles files, ProgressLine line) {
    List<String> overrides = steps == null ? List.of() : List.of("train.steps=" + steps);
    Recipe recipe = Methods.read(files.recipe(), overrides);
    RunProgress progress = new RunProgress(line);
    try (Trainer trainer = Trainer.begin(recipe, files.run(), progress)) {
      trainer.train();
    }
    progress.phase(RunPhase.COMPILE);
    RunModel model = RunModel.of(FinishedRun.open(files.run()), progress);
    model.writeMasks();
    model.write(files.sparse(), Optional.of(Layout.RUNS), Optional.empty());
  }

  private static PerplexityResult evaluate(DemoFiles files, Path model, ProgressLine progress) {
    LoadOptions options = LoadOptions.defaults();
    progress.begin("reading the held-out text, %s".formatted(model.getFileName()), "tokens");
    try (Model llama = Model.open(model, options);
        Tokenizer tokenizer = Tokenizer.open(model)) {
      int[] ids = tokenizer.encode(TextFiles.read(files.heldOut()));
      return new Perplexity(llama, options.threads(), progress).ofText(ids, 0, 0);
    }
  }

  private static BenchResult.Pair bench(Model dense, Model sparse, ProgressLine progress) {
    BenchSettings settings = new BenchSettings(64, 128, 7, LoadOptions.defaults().threads());
    progress.begin("timing both models", "repetitions");
    return new Benchmark(settings, progress::at).run(sparse, Optional.of(dense));
  }

  private static String continuation(DemoFiles files, Model model) {
    try (Tokenizer tokenizer = Tokenizer.open(files.dense())) {
      return new Generation(model, Optional.of(tokenizer), GenerationOptions.greedy(GENERATED))
          .run(tokenizer.encode(PROMPT), _ -> {})
          .text()
          .replace('\n', ' ');
    }
  }

  private static double retention(Measured dense, Measured sparse) {
    return dense.quality.perplexity() / sparse.quality.perplexity();
  }

  private static ObjectNode json(
      Measured dense, Measured sparse, Shares shares, BenchResult.Pair speed) {
    ObjectNode json = Json.object();
    json.set("dense", json(dense));
    ObjectNode after = json(sparse);
    shares.describe(after);
    sparse.quality.shares().describeMeasured(after);
    json.set("sparse", after);
    json.put("retention", retention(dense, sparse));
    json.put("decode_speedup", speed.decodeSpeedup());
    return json;
  }

  private static ObjectNode json(Measured measured) {
    return Json.object()
        .put("perplexity", measured.quality.perplexity())
        .put("tokens", measured.quality.tokens())
        .put("decode_tokens_per_second", measured.speed.medianDecode())
        .put("bytes", measured.speed.weightBytes())
        .put("bytes_per_token", measured.speed.bytesPerToken())
        .put("continuation", measured.text);
  }

  private static String report(
      Measured dense, Measured sparse, Shares shares, BenchResult.Pair speed) {
    List<Measured> columns = List.of(dense, sparse);
    Table table = new Table();
    table.row("", "dense", "sparse");
    table.row("active FFN share, asked for", "100.0 %", Table.percent(shares.activeFfn(), 1));
    table.row(
        "active FFN share, measured",
        columns,
        j -> Table.percent(j.quality.shares().activeFfn(), 1));
    table.row("share all-in, measured", columns, j -> Table.percent(j.quality.shares().allIn(), 1));
    table.row("perplexity, held-out text", columns, j -> Table.decimals(j.quality.perplexity(), 2));
    table.row("retention of perplexity", "100.0 %", Table.percent(retention(dense, sparse), 1));
    table.row("decode tokens/s", columns, j -> Table.decimals(j.speed.medianDecode(), 0));
    table.row("decode speed-up", "1.00", Table.decimals(speed.decodeSpeedup(), 2));
    table.row("bytes of weights", columns, j -> String.valueOf(j.speed.weightBytes()));
    table.row("bytes read per token", columns, j -> String.valueOf(j.speed.bytesPerToken()));
    return String.join(
        System.lineSeparator(),
        "",
        table.toString(),
        "",
        PROMPT + " ...",
        "  dense:  " + dense.text,
        "  sparse: " + sparse.text,
        "",
        "Your own model (a Hugging Face folder or a .gguf file):",
        "  ./mom inspect MODEL",
        "  ./mom sparsify MODEL --text my.txt --out run",
        "  ./mom evaluate run/model --reference MODEL --text FILE",
        "  ./mom bench run/model --reference MODEL",
        "  ./mom generate run/model --prompt \"...\"");
  }
}
