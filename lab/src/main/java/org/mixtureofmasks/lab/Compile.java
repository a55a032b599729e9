package org.mixtureofmasks.lab;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.cli.Verb;
import org.mixtureofmasks.compile.Compiled;
import org.mixtureofmasks.compile.Layout;
import org.mixtureofmasks.compile.RunCompiler;
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
      defaultValue = "runs",
      description = "${COMPLETION-CANDIDATES}: how experts are stored (default: runs).")
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
    Optional<DType> dtype = Optional.ofNullable(weights).map(w -> w.dtype);
    Compiled compiled = RunCompiler.compile(run, out, layout, dtype);
    PrintWriter to = spec.commandLine().getOut();
    to.println(json ? json(compiled).toPrettyString() : text(compiled));
    to.flush();
    return 0;
  }

  private static ObjectNode json(Compiled c) {
    ObjectNode node = new ObjectMapper().createObjectNode();
    node.put("path", c.path().toString());
    node.put("layout", c.layout().word());
    node.put("weights", c.dtype().name());
    node.put("active_ffn_share", c.activeFfnShare());
    node.put("dense_parameters", c.sizes().denseParameters());
    node.put("parameters", c.sizes().parameters());
    node.put("bytes", c.sizes().tensorBytes());
    node.put("bytes_runs", c.sizes().runsBytes());
    node.put("bytes_copied", c.sizes().copiedBytes());
    node.put("runs_per_expert", c.runsPerExpert());
    var live = node.putArray("live_neurons");
    var shared = node.putArray("shared_neurons");
    var redundant = node.putArray("redundant_neurons");
    c.layers()
        .forEach(
            l -> {
              live.add(l.live());
              shared.add(l.shared());
              redundant.add(l.redundant());
            });
    return node;
  }

  private static String text(Compiled c) {
    return String.format(
        Locale.ROOT,
        "%s: %.1f %% of the FFN weights active; %d neurons live, %d shared, %d redundant;%n"
            + "%d parameters (dense %d), %.2f MB as %s in %s (runs %.2f MB, copied %.2f MB);"
            + " %.1f runs an expert",
        c.path(),
        100 * c.activeFfnShare(),
        c.layers().stream().mapToInt(l -> l.live()).sum(),
        c.layers().stream().mapToInt(l -> l.shared()).sum(),
        c.layers().stream().mapToInt(l -> l.redundant()).sum(),
        c.sizes().parameters(),
        c.sizes().denseParameters(),
        c.sizes().tensorBytes() / 1e6,
        c.layout().word(),
        c.dtype(),
        c.sizes().runsBytes() / 1e6,
        c.sizes().copiedBytes() / 1e6,
        c.runsPerExpert());
  }
}
