package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.Families;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.RunKeys;

/** Against what was resident in real runs of SmolLM2-135M-Instruct (docs/benchmarks). */
class RunMemoryTest {
  private static final double WITHIN = 0.2;

  private static RunMemory smolLm(int steps, boolean teaches, long calibrationTokens) {
    ModelConfig config =
        new ModelConfig(
            Families.named("llama"),
            576,
            1536,
            30,
            new ModelConfig.Attention(9, 3, 64),
            8192,
            new ModelConfig.Rope(100_000, new ModelConfig.Scaling.None()),
            new ModelConfig.Block(ModelConfig.Activation.SILU, 1e-5),
            new ModelConfig.Vocabulary(49152, true, 1, List.of(2)),
            Optional.empty(),
            Optional.empty());
    return new RunMemory(
        config,
        true,
        new TrainedWeights(true, RunKeys.Weights.ALL).count(config),
        teaches,
        2L * 1536,
        0,
        steps,
        1024,
        1024,
        1,
        false,
        calibrationTokens,
        269_060_552,
        0);
  }

  private static long sum(SequencedMap<String, Long> held) {
    return held.values().stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void aTrainedRunHoldsWhatWasMeasured() {
    RunMemory memory = smolLm(3, true, 4096);
    assertEquals(134_515_008, memory.parameters());
    assertNear(2_060_000_000L, memory, RunPhase.LOAD);
    assertNear(5_980_000_000L, memory, RunPhase.TRAIN);
    assertNear(5_750_000_000L, memory, RunPhase.SAVE);
  }

  /** By a preview, fp32, two passes of 512 tokens side by side, with a teacher. */
  private static RunMemory tokenMasks(boolean recompute) {
    RunMemory shape = smolLm(2, true, 2048);
    return new RunMemory(
        shape.config(),
        false,
        shape.parameters(),
        true,
        4 * 1536 + 4 * (3 * 576 + 1536),
        20L * 30 * 1536 * 576,
        2,
        1024,
        512,
        2,
        recompute,
        2048,
        shape.storedBytes(),
        0);
  }

  @Test
  void layersComputedAgainHoldWhatWasMeasured() {
    assertNear(7_840_000_000L, tokenMasks(false), RunPhase.TRAIN);
    assertNear(5_280_000_000L, tokenMasks(true), RunPhase.TRAIN);
    assertNear(2_420_000_000L, tokenMasks(true), RunPhase.COMPILE);
  }

  @Test
  void aTrainingFreeStartHoldsWhatWasMeasured() {
    assertNear(3_007_082_496L, smolLm(0, false, 24_576), RunPhase.PREPARE);
    assertNear(4_053_032_960L, smolLm(0, false, 24_576), RunPhase.JUDGE);
    assertNear(1_879_000_000L, smolLm(0, false, 8192), RunPhase.PREPARE);
    assertNear(3_270_000_000L, smolLm(0, false, 8192), RunPhase.JUDGE);
  }

  @Test
  void fewerTokensInAPassTakeLessAndNothingElseChanges() {
    RunMemory memory = smolLm(2, true, 1024);
    RunMemory half = memory.withMicroTokens(512);
    assertTrue(sum(half.of(RunPhase.TRAIN)) < sum(memory.of(RunPhase.TRAIN)));
    assertEquals(memory.of(RunPhase.LOAD), half.of(RunPhase.LOAD));
    assertFalse(memory.of(RunPhase.PREPARE).containsKey("gradients"));
  }

  @Test
  void passesThatRunAtOnceEachHoldTheirOwn() {
    RunMemory one = smolLm(2, true, 1024).withMicroTokens(512);
    RunMemory two = one.withThreads(2);
    SequencedMap<String, Long> held = one.of(RunPhase.TRAIN);
    SequencedMap<String, Long> twice = two.of(RunPhase.TRAIN);
    for (String of : List.of("activations", "teacher_activations", "gradients_of_passes")) {
      assertEquals(2 * held.get(of), twice.get(of), of);
    }
    assertEquals(held.get("moments"), twice.get("moments"));
    assertEquals(
        two.of(RunPhase.TRAIN), one.withThreads(5).of(RunPhase.TRAIN), "two passes a step");
  }

  private static void assertNear(long measured, RunMemory memory, RunPhase phase) {
    long predicted = sum(memory.of(phase));
    assertEquals(1, predicted / (double) measured, WITHIN, phase + ": " + predicted);
  }
}
