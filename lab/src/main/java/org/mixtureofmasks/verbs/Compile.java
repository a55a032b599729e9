package org.mixtureofmasks.verbs;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.cli.ProgressLine;
import org.mixtureofmasks.cli.StopSignal;
import org.mixtureofmasks.cli.Verb;
import org.mixtureofmasks.compile.RunModel;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.train.FinishedRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mom compile}: from a run's masks to a sparse model that the engine runs. */
@Command(
    name = "compile",
    mixinStandardHelpOptions = true,
    description = "Makes a sparse model folder from the newest checkpoint of a run.",
    footer = {
      "",
      "Examples:",
      "  mom compile run --out model",
      "  mom compile run --out model --layout copied     a copy of its neurons for each expert",
      "  mom compile run --out model --layout masked     dense weights and masks, to compare with"
    })
public final class Compile implements Verb {
  /** Weights as the sparse format holds them. */
  enum Weights {
    F32(DType.F32),
    BF16(DType.BF16);

    private final DType dtype;

    Weights(DType dtype) {
      this.dtype = dtype;
    }
  }

  @Parameters(index = "0", paramLabel = "RUN", description = "The folder of a run.")
  private Path run;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "MODEL",
      description = "New folder of the sparse model.")
  private Path out;

  @Option(
      names = "--layout",
      paramLabel = "runs|copied|masked",
      description =
          "How experts are stored (default: runs; copied for a model with input masks, which takes a"
              + " copy of its weights for each expert).")
  private Layout layout;

  @Option(
      names = "--weights",
      paramLabel = "TYPE",
      description = "${COMPLETION-CANDIDATES}: type of the weights (default: the dense model's).")
  private Weights weights;

  @Option(names = "--json", description = "One JSON object on stdout.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Map<String, Object> made;
    try (ProgressLine progress =
            ProgressLine.start(spec.commandLine().getErr(), "reading %s".formatted(run), "");
        StopSignal _ = StopSignal.atOnce("stopped: nothing was written")) {
      made =
          RunModel.of(FinishedRun.open(run), progress)
              .write(
                  out, Optional.ofNullable(layout), Optional.ofNullable(weights).map(w -> w.dtype));
    }
    RunReport.print(made, spec.commandLine().getOut(), json);
    return 0;
  }
}
