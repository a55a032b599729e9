package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.ModelFolderWriter;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.TextFiles;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.quantise.Quantiser;
import org.mixtureofmasks.quantise.RouterAgreement;
import org.mixtureofmasks.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mom quantise}: a model's weights rounded to 8 or 4 bits, as a folder. */
@Command(
    name = "quantise",
    mixinStandardHelpOptions = true,
    description = {
      "Rounds a model's weights to 8 or 4 bits and writes a Hugging Face folder, of a dense model or"
          + " a sparse one; half or a quarter of bf16's bytes, and so nearly as much faster.",
      "int8: signed bytes, one scale for each row (for neurons of a sparse model: for each gate row,"
          + " up row and down column). It costs next to nothing; no text is needed.",
      "q4: 4 bits, one 16-bit scale for 32 weights; embedding, output projection and routers are"
          + " int8. It costs a small model much. --rounding gptq with --calibration, a text of the"
          + " kind that the model is used on, lets weights make up for each other's errors; it gains"
          + " on some models and loses on others: judge both on held-out text (docs/precision.md).",
      "Dense folders are in the layout of compressed-tensors, which transformers reads too."
    },
    footer = {
      "",
      "Examples:",
      "  mom quantise MODEL --weights int8 --out model-int8",
      "  mom quantise MODEL --weights q4 --rounding gptq --calibration my.txt --out model-q4",
      "  mom quantise run/model --weights int8 --calibration my.txt --out sparse-int8",
      "      a sparse model; the text compares its routers' decisions before and after"
    })
public final class QuantiseVerb implements Verb {
  /** What a folder can hold. */
  private enum Written {
    INT8(DType.INT8),
    Q4(DType.INT4);

    private final DType type;

    Written(DType type) {
      this.type = type;
    }
  }

  private static final int PERCENT = 100;

  @Parameters(
      paramLabel = "MODEL",
      description = "A model folder, dense or sparse, a .gguf file or a llama2.c .bin file.")
  private Path model;

  @Option(
      names = "--weights",
      paramLabel = "int8|q4",
      required = true,
      description = "Number format of the matrices.")
  private Written weights;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The folder to make; it must not exist yet, or be empty.")
  private Path out;

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description =
          "A text like those the model is for: what gptq rounds by, but for its last tenth, on which a"
              + " sparse model's routers are compared before and after, however it is rounded.")
  private @Nullable Path calibration;

  @Option(
      names = "--calibration-tokens",
      paramLabel = "N",
      defaultValue = "32768",
      description =
          "Tokens of the text that are used, from its beginning. Default: ${DEFAULT-VALUE}.")
  private int calibrationTokens;

  @Option(
      names = "--rounding",
      paramLabel = "nearest|gptq",
      defaultValue = "nearest",
      description = "How weights are rounded; gptq is for q4. Default: ${DEFAULT-VALUE}.")
  private Quantiser.Method rounding;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute. Default: one for each core.")
  private @Nullable Integer threads;

  @Mixin private TokenizerOptions tokenizers;

  @Option(names = "--json", description = "Print one JSON object and nothing else.")
  private boolean json;

  @Override
  public Integer call() {
    ObjectNode report = Json.object();
    Optional<RouterAgreement> agreement;
    Quantiser.Result result;
    try (ProgressLine line = ProgressLine.start("reading %s".formatted(model), "");
        StopSignal _ = StopSignal.atOnce("stopped: nothing was written");
        Checkpoint checkpoint = Checkpoints.open(model);
        Tokenizer tokenizer = tokenizers.open(model)) {
      Quantiser quantiser = new Quantiser(checkpoint, request(weights.type, tokenizer), line);
      requireDisk(quantiser.bytes());
      try (ModelFolderWriter folder = ModelFolderWriter.create(out)) {
        result = quantiser.write(folder);
        if (checkpoint.format() == Checkpoint.Format.HUGGING_FACE) {
          folder.companionsOf(model);
        } else {
          ModelImport.tokenizer(checkpoint, tokenizer, folder);
        }
        folder.commit();
      }
      agreement = quantiser.agreement(out);
      report.put("bytes_read", checkpoint.bytes());
    }
    report.put("path", out.toString());
    report.put("weights", word(weights));
    report.put("rounding", result.method().word());
    report.put("calibration_tokens", result.calibrationTokens());
    try (Checkpoint made = Checkpoints.open(out)) {
      report.put("bytes", made.bytes());
    }
    agreement.ifPresent(a -> put(a, result, report));
    if (json) {
      Terminal.json(report);
    } else {
      print(report);
    }
    return 0;
  }

  private Quantiser.Request request(DType dtype, Tokenizer tokenizer) {
    if (calibrationTokens < 1) {
      throw UserError.usage(
          "--calibration-tokens %s: it must be at least 1".formatted(calibrationTokens));
    }
    if (threads != null && threads < 1) {
      throw UserError.usage("--threads %s: it must be at least 1".formatted(threads));
    }
    Optional<int[]> tokens =
        Optional.ofNullable(calibration).map(file -> tokenizer.encode(TextFiles.read(file)));
    int all = LoadOptions.defaults().threads();
    return new Quantiser.Request(
        dtype, rounding, tokens, calibrationTokens, threads == null ? all : threads);
  }

  private void requireDisk(long bytes) {
    long free = Machine.here(out).diskBytes();
    if (bytes > free) {
      throw new UserError(
          "%s will take %s, and %s are free there: name another place"
              .formatted(out, Machine.gigabytes(bytes), Machine.gigabytes(free)));
    }
  }

  private static String word(Written type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  private static void put(RouterAgreement agreement, Quantiser.Result result, ObjectNode report) {
    ObjectNode out = report.putObject("router_agreement");
    out.put("mean", agreement.mean());
    out.put("least", agreement.least());
    out.put("tokens", agreement.tokens());
    agreement.layers().forEach(out.putArray("layers")::add);
    if (result.calibrationTokens() > 0) {
      out.put("fewest_calibration_tokens_of_an_expert", result.fewestOfAnExpert());
    }
  }

  private void print(ObjectNode report) {
    String seen =
        report.path("calibration_tokens").longValue() > 0
            ? " on %d tokens".formatted(report.path("calibration_tokens").longValue())
            : "";
    Terminal.line(
        "wrote %s: %s, rounding %s%s, %s (%s before)"
            .formatted(
                out,
                report.path("weights").textValue(),
                report.path("rounding").textValue(),
                seen,
                InspectVerb.bytes(report.path("bytes").longValue()),
                InspectVerb.bytes(report.path("bytes_read").longValue())));
    if (report.has("router_agreement")) {
      ObjectNode agreement = report.withObject("router_agreement");
      Terminal.line(
          String.format(
              Locale.ROOT,
              "routers choose the same experts as before for %.1f %% of %d tokens that calibration has not seen (least of all layers %.1f %%)",
              PERCENT * agreement.path("mean").doubleValue(),
              agreement.path("tokens").longValue(),
              PERCENT * agreement.path("least").doubleValue()));
    }
    Terminal.line(
        "next: mom evaluate %s --text HELD-OUT.txt".formatted(ShellWords.quote(out.toString())));
  }
}
