package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.HuggingFaceWriter;
import org.mixtureofmasks.format.ModelFolderWriter;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mom import}: a GGUF or llama2.c file as a Hugging Face folder. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description =
        "Makes a Hugging Face folder (config.json, model.safetensors, tokenizer.json) of a GGUF or"
            + " llama2.c file: what 'mom sparsify' begins with, and what transformers reads."
            + " Quantised weights are dequantised; what quantisation lost stays lost.",
    footer = {
      "",
      "Examples:",
      "  mom import model.Q8_0.gguf --out model          weights as bf16",
      "  mom import stories260K.bin --out stories --tokenizer tok512.bin"
    })
public final class ImportVerb implements Verb {
  /** What safetensors can hold of a model. */
  private enum Written {
    AUTO,
    F32,
    BF16
  }

  @Parameters(paramLabel = "FILE", description = "A .gguf file or a llama2.c .bin file.")
  private Path file;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The folder to make; it must not exist yet, or be empty.")
  private Path out;

  @Option(
      names = "--weights",
      paramLabel = "auto|f32|bf16",
      defaultValue = "auto",
      description =
          "Number format of the weights; auto: f32 stays f32, everything else becomes bf16."
              + " Default: ${DEFAULT-VALUE}.")
  private Written weights;

  @Mixin private TokenizerOptions tokenizers;

  @Option(names = "--json", description = "Print one JSON object and nothing else.")
  private boolean json;

  @Override
  public Integer call() {
    ObjectNode report = Json.object();
    try (ProgressLine _ = ProgressLine.start("importing %s".formatted(file), "");
        StopSignal _ = StopSignal.atOnce("stopped: nothing was written");
        Checkpoint checkpoint = Checkpoints.open(file);
        Tokenizer tokenizer = tokenizers.open(file);
        ModelFolderWriter folder = ModelFolderWriter.create(out)) {
      DType dtype =
          switch (weights) {
            case F32 -> DType.F32;
            case BF16 -> DType.BF16;
            case AUTO -> HuggingFaceWriter.ownDtype(checkpoint);
          };
      ModelImport.write(checkpoint, tokenizer, folder, dtype);
      folder.commit();
      report.put("path", out.toString());
      report.put("dtype", dtype.name());
      report.put("bytes_read", checkpoint.bytes());
    }
    try (Checkpoint made = Checkpoints.open(out)) {
      report.put("bytes", made.bytes());
    }
    if (json) {
      Terminal.json(report);
    } else {
      Terminal.line(
          "wrote "
              + out
              + ": "
              + report.path("dtype").textValue()
              + ", "
              + InspectVerb.bytes(report.path("bytes").longValue()));
      Terminal.line(
          "next: mom sparsify RECIPE --out RUN --set 'data.train=[TEXT.txt]' --set %s"
              .formatted(ShellWords.quote("model=%s".formatted(out))));
    }
    return 0;
  }
}
