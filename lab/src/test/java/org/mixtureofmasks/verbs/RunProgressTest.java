package org.mixtureofmasks.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.cli.StopSignal;
import org.mixtureofmasks.train.RunPhase;

/** What a signal does to a run, phase by phase; {@link SparsifyTest} sends a real one. */
class RunProgressTest {
  private final StringWriter err = new StringWriter();

  private RunProgress reading() {
    return new RunProgress(new PrintWriter(err), "reading the recipe");
  }

  @Test
  void beforeThereIsAFolderTheRunEndsWhereItIs() {
    try (RunProgress progress = reading()) {
      assertEquals(StopSignal.Answer.now("stopped: nothing was written"), progress.stop());
      progress.phase(RunPhase.LOAD);
      assertEquals(StopSignal.Answer.now("stopped: nothing was written"), progress.stop());
      progress.at(1, 2);
    }
  }

  @Test
  void aPreparationEndsAtTheNextLayer() {
    try (RunProgress progress = reading()) {
      progress.phase(RunPhase.PREPARE);
      progress.begin("masks", "layers");
      progress.at(1, 30);
      StopSignal.Answer answer = progress.stop();
      assertTrue(answer.waits());
      assertTrue(answer.line().startsWith("stopping the preparation"), answer.line());
      assertThrows(CancellationException.class, () -> progress.at(2, 30));
      assertEquals(1, progress.stoppedBeforeTraining(Path.of("run")));
    }
    assertTrue(err.toString().contains("'mom resume run' begins again"), err.toString());
  }

  @Test
  void oncePreparedARunIsCompiledLater() {
    try (RunProgress progress = reading()) {
      progress.phase(RunPhase.COMPILE);
      assertFalse(progress.stop().waits());
    }
  }
}
