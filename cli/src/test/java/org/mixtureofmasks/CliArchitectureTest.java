package org.mixtureofmasks;

import org.junit.jupiter.api.Test;

/** What the command line may know. */
class CliArchitectureTest {
  private final Rooms rooms = Rooms.ofThisModule();

  @Test
  void theCommandLineStandsWithoutTheLab() {
    rooms.doNotUse("org.bytedeco..");
  }

  @Test
  void nothingMapsFiles() {
    rooms.mapNoFilesBut("nothing");
  }

  @Test
  void nothingCallsNativeFunctions() {
    rooms.callNativeCodeOnlyFrom("nothing");
  }
}
