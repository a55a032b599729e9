package org.mixtureofmasks;

import org.junit.jupiter.api.Test;

/** What core, the part that programs embed, may know. */
class CoreArchitectureTest {
  private final Rooms rooms = Rooms.ofThisModule();

  @Test
  void roomsHaveNoCycles() {
    rooms.haveNoCycles();
  }

  @Test
  void kernelsKnowNoOtherRoom() {
    rooms.doNotKnow(
        new String[] {"kernel"}, "io", "checkpoint", "format", "model", "tokenizer", "generate");
  }

  @Test
  void checkpointsAreContainersThatKnowNoModel() {
    rooms.doNotKnow(
        new String[] {"io", "checkpoint"}, "format", "model", "tokenizer", "kernel", "generate");
  }

  @Test
  void whatAModelFolderMeansIsKnownWithoutArithmetic() {
    rooms.doNotKnow(new String[] {"format"}, "kernel", "model", "tokenizer", "generate");
  }

  @Test
  void templatesKnowNoModelAndNoFile() {
    rooms.doNotKnow(
        new String[] {"template"},
        "io",
        "checkpoint",
        "format",
        "tokenizer",
        "kernel",
        "model",
        "generate");
  }

  @Test
  void anEmbedderGetsNoCommandLineNoYamlNoParquetAndNoLibtorch() {
    rooms.doNotUse(
        "picocli..",
        "me.tongfei..",
        "org.snakeyaml..",
        "org.apache.commons..",
        "dev.hardwood..",
        "org.slf4j.simple..",
        "org.bytedeco..");
  }

  @Test
  void nothingPrints() {
    rooms.printNothingBut("nothing");
  }

  @Test
  void onlyFilesRoomsMapFiles() {
    rooms.mapNoFilesBut("io", "checkpoint");
  }

  @Test
  void nativeFunctionsAreCalledFromTwoClasses() {
    rooms.callNativeCodeOnlyFrom(
        "org.mixtureofmasks.kernel.NativeCalls", "org.mixtureofmasks.kernel.NativeLibrary");
  }

  @Test
  void theTokenizersLibraryIsReachedFromTheTokenizerAlone() {
    rooms.doNotKnowOutside("tokenizer", "ai.djl..");
  }
}
