package org.mixtureofmasks.cli;

import java.util.List;

/**
 * What the launcher has the JVM watch to make its AOT cache (JEP 514, 515): the classes that a
 * start loads, and the kernels of the formats that models come in, with profiles that the compiler
 * can begin with. Not a verb: nobody else runs it.
 */
final class StartTraining {
  /** Few tokens go through other kernels than many. */
  private static final List<String> PROMPTS =
      List.of(
          "Once upon a time",
          "Once upon a time there was a fox who lived in a wood behind the hill, and every morning he went down to the river.");

  private static final List<String> WEIGHTS = List.of("q4_0", "q8_0", "int8", "auto");

  private StartTraining() {}

  /**
   * Generates some text in each format.
   *
   * @param args the folder of a small model
   */
  public static void main(String[] args) {
    for (String weights : WEIGHTS) {
      for (String prompt : PROMPTS) {
        int exit =
            Main.run(
                "generate",
                args[0],
                "--weights=" + weights,
                "--max-tokens=32",
                "--ignore-eos",
                "--prompt=" + prompt);
        if (exit != 0) {
          System.exit(exit);
        }
      }
    }
  }
}
