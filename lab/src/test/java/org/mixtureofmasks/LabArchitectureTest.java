package org.mixtureofmasks;

import org.junit.jupiter.api.Test;

/** What the lab may know, and that no other module knows the lab. */
class LabArchitectureTest {
  private final Rooms all = Rooms.ofAllModules();
  private final Rooms lab = Rooms.ofThisModule();

  @Test
  void roomsOfAllModulesHaveNoCycles() {
    all.haveNoCycles();
  }

  @Test
  void onlyTheCommandLinePrints() {
    all.printNothingBut("cli", "verbs");
  }

  @Test
  void nothingMapsFiles() {
    lab.mapNoFilesBut("nothing");
  }

  @Test
  void theEnvironmentIsSetFromOneClass() {
    lab.callNativeCodeOnlyFrom("org.mixtureofmasks.nn.Natives");
  }

  @Test
  void reportsAreDrawnFromFilesAlone() {
    lab.doNotKnow(
        new String[] {"report"},
        "analyse",
        "study",
        "train",
        "nn",
        "model",
        "score",
        "harness",
        "perplexity",
        "tokenizer");
  }

  @Test
  void onlyVerbsKnowTheCommandLine() {
    lab.doNotKnow(
        new String[] {
          "analyse",
          "compile",
          "data",
          "demo",
          "nn",
          "recipe",
          "report",
          "sparsify",
          "study",
          "train"
        },
        "cli",
        "verbs");
  }

  @Test
  void libtorchIsUsedWhereTensorsAreAndNowhereElse() {
    lab.doNotUseIn(
        new String[] {"recipe", "report", "analyse", "study", "verbs"}, "org.bytedeco..");
  }
}
