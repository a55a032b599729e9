package org.mixtureofmasks.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mixtureofmasks.train.TinyRun;

/** A study of runs that take milliseconds, on a random model. */
final class TinyStudy {
  static final String DENSE =
      """
        - name: dense, continued
          method: dense
          seeds: [1]
          reference: true
      """;

  private final Path folder;

  TinyStudy(Path folder) throws IOException {
    this.folder = folder;
    TinyRun tiny = new TinyRun(folder);
    tiny.recipe("dense", "", "train.steps=2"); // writes recipe.yaml
  }

  /** A study of these runs with more lines at its top. */
  Path file(String top, String runs) throws IOException {
    String text =
        """
        question: Does it work?
        recipe: recipe.yaml
        set: {train.steps: 2}
        threads: 1
        """
            + top
            + "runs:\n"
            + runs;
    return Files.writeString(folder.resolve("study.yaml"), text);
  }

  Plan plan(String top, String runs) throws IOException {
    return Plan.of(StudyReader.read(file(top, runs)));
  }
}
