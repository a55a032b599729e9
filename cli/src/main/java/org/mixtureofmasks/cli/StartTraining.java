package org.mixtureofmasks.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the launcher has the JVM watch to make its AOT cache (JEP 514, 515): the classes that a
 * start loads, and the kernels of the formats that models come in, with profiles that the compiler
 * can begin with; the way from a GGUF file; helps, and what wrong usage is answered. Not a verb:
 * nobody else runs it.
 */
final class StartTraining {
  /** Few tokens go through other kernels than many. */
  private static final List<String> PROMPTS =
      List.of(
          "Once upon a time",
          "Once upon a time there was a fox who lived in a wood behind the hill, and every morning he went down to the river.");

  private static final List<String> WEIGHTS = List.of("q4_0", "q8_0", "int8", "auto");

  /** What is answered at once; the last two are wrong. */
  private static final List<List<String>> SHORT =
      List.of(
          List.of("--version"),
          List.of("--help"),
          List.of("generate", "--help"),
          List.of("generate"),
          List.of("gnerate"));

  private StartTraining() {}

  /**
   * Generates some text in each format.
   *
   * @param args the folder of a small model
   * @throws IOException if its GGUF file cannot be written
   */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory("mom-start");
    Path gguf = folder.resolve("model.gguf");
    try {
      StartGguf.write(Path.of(args[0]), gguf);
      for (String weights : WEIGHTS) {
        generate(args[0], weights);
      }
      generate(gguf.toString(), "auto");
    } finally {
      Files.deleteIfExists(gguf);
      Files.delete(folder);
    }
    for (List<String> command : SHORT) {
      int _ = Main.start(command.toArray(String[]::new));
    }
  }

  private static void generate(String model, String weights) {
    for (String prompt : PROMPTS) {
      int exit =
          Main.start(
              "generate",
              model,
              "--weights=" + weights,
              "--max-tokens=32",
              "--ignore-eos",
              "--prompt=" + prompt);
      if (exit != 0) {
        throw new IllegalStateException("exit %d".formatted(exit));
      }
    }
  }
}
