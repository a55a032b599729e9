package org.mixtureofmasks;

import org.junit.jupiter.api.Test;

/** What eval, the part that evaluates models, may know. */
class EvalArchitectureTest {
  private final Rooms rooms = Rooms.ofThisModule();

  @Test
  void roomsHaveNoCycles() {
    rooms.haveNoCycles();
  }

  @Test
  void tasksKnowNoModelAndNoScore() {
    rooms.doNotKnow(
        new String[] {"task", "yaml"},
        "score",
        "harness",
        "perplexity",
        "bench",
        "generate",
        "kernel",
        "model",
        "tokenizer");
  }

  @Test
  void evaluationKnowsNoCommandLineAndNoLibtorch() {
    rooms.doNotUse("picocli..", "me.tongfei..", "org.bytedeco..");
  }

  @Test
  void nothingPrints() {
    rooms.printNothingBut("nothing");
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
