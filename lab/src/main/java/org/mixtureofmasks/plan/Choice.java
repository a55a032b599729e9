package org.mixtureofmasks.plan;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Preview;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.format.TensorSpec;

/**
 * Settings of token masks by the model's size; docs/which-settings.md says what they rest on.
 *
 * @param by what chooses a token's neurons
 * @param calibrationTokens that thresholds are made from
 * @param row tokens of a row, the last one a target only
 * @param batchTokens input tokens of an optimiser step
 * @param microRows rows of a forward and backward pass
 * @param threads passes that run at once; 0: one a core
 * @param recompute whether layers are computed twice instead of kept
 * @param lr peak learning rate of the weights
 * @param distillation weight of the dense model's distribution in the loss, in [0, 1]
 * @param steps optimiser steps; 0: training-free
 */
public record Choice(
    ShippedThresholds.Choice by,
    int calibrationTokens,
    int row,
    int batchTokens,
    int microRows,
    int threads,
    boolean recompute,
    double lr,
    double distillation,
    int steps) {
  /** Sizes and learning rates that were tried; between them it is a line in logarithms. */
  private static final double[][] RATES = {{4.5e6, 4e-4}, {135e6, 1e-4}, {1e9, 2e-5}};

  private static final int ROW = 513;

  private static final int CALIBRATION = 8192;

  /** Tokens of a pass: several run side by side. */
  private static final int PASS = 512;

  /** Fewer steps than this do not pay for a larger batch. */
  private static final int FEW_STEPS = 200;

  /** Held-out sequences; the fewer where judging would take as long as all before it. */
  private static final int JUDGED = 16;

  private static final int JUDGED_BRIEFLY = 8;

  private static final int SMALL_BATCH = 1024;
  private static final int LARGE_BATCH = 8192;

  /**
   * Settings without steps: training-free.
   *
   * @param config of the dense model
   */
  public static Choice of(ModelConfig config) {
    int row = Math.min(ROW, config.maxPositions() + 1);
    return new Choice(
        Preview.fits(config) ? ShippedThresholds.Choice.PREVIEW : ShippedThresholds.Choice.INPUTS,
        CALIBRATION,
        row,
        SMALL_BATCH,
        Math.max(1, PASS / (row - 1)),
        0,
        false,
        rate(parameters(config)),
        0,
        0);
  }

  /** Parameters of the dense model. */
  public static long parameters(ModelConfig config) {
    return config.tensors().stored().stream().mapToLong(TensorSpec::elements).sum();
  }

  /**
   * The same with training.
   *
   * @param tokens to train on, above 0
   */
  public Choice trained(long tokens) {
    int batch = SMALL_BATCH;
    while (batch < LARGE_BATCH && tokens / batch > FEW_STEPS) {
      batch *= 2;
    }
    long count = Math.clamp(Math.round((double) tokens / batch), 1, Integer.MAX_VALUE);
    return new Choice(
        by,
        calibrationTokens,
        row,
        batch,
        microRows,
        threads,
        recompute,
        lr,
        1,
        Math.toIntExact(count));
  }

  Choice withSteps(int count) {
    return with(calibrationTokens, microRows, threads, recompute, count);
  }

  /**
   * The same in less memory, by what costs the least time: smaller passes next to none, layers
   * computed twice a quarter, one pass after the other half. Empty when nothing is left.
   */
  Optional<Choice> inLessMemory() {
    if (microRows > 1) {
      return Optional.of(with(calibrationTokens, microRows / 2, threads, recompute, steps));
    }
    if (steps > 0 && !recompute) {
      return Optional.of(with(calibrationTokens, microRows, threads, true, steps));
    }
    return threads == 1
        ? Optional.empty()
        : Optional.of(with(calibrationTokens, microRows, 1, recompute, steps));
  }

  /** The same with fewer calibration tokens, for less text. */
  public Choice withCalibration(int tokens) {
    return with(tokens, microRows, threads, recompute, steps);
  }

  private Choice with(int calibration, int rows, int atOnce, boolean again, int count) {
    return new Choice(
        by, calibration, row, batchTokens, rows, atOnce, again, lr, distillation, count);
  }

  /** Tokens of the whole training. */
  public long tokens() {
    return (long) steps * batchTokens;
  }

  static double rate(long parameters) {
    double p = Math.clamp((double) parameters, RATES[0][0], RATES[RATES.length - 1][0]);
    int i = 0;
    while (i < RATES.length - 2 && p > RATES[i + 1][0]) {
      i++;
    }
    double t = Math.log(p / RATES[i][0]) / Math.log(RATES[i + 1][0] / RATES[i][0]);
    return RATES[i][1] * Math.pow(RATES[i + 1][1] / RATES[i][1], t);
  }

  /**
   * The recipe, to be read by mom sparsify.
   *
   * @param model folder of the dense model
   * @param share of the FFN that a token is to read, in (0, 1]
   */
  String recipe(Path model, OwnTexts texts, double share) {
    return String.format(
        Locale.ROOT,
        """
        # Chosen by 'mom sparsify MODEL --text ...' from the model's size and the budget. To change a setting,
        # edit a copy of this file and run: mom sparsify COPY.yaml --out NEW_RUN
        model: %s
        method: token_masks

        token_masks:
          choice: %s          # what chooses the neurons of each token
          target: %s               # share of the FFN's bytes that a token reads
          split: uniform           # the same in every layer
          calibration_tokens: %d
          distillation: %s         # share of the dense model's distribution in the loss

        data:
          train:
        %s  row: %d                 # tokens of a training sequence

        train:
          steps: %d
          batch_tokens: %d
          micro_batch_rows: %d
          threads: %d              # 0: one a core
          recompute: %s            # layers are computed twice, for less memory
          lr: %.3g

        evaluate:
          held_out_rows: %d         # both models are judged by them at the end
          held_out:
        %s""",
        quoted(model),
        by.word(),
        share,
        calibrationTokens,
        distillation,
        list(texts.train()),
        row,
        steps,
        batchTokens,
        microRows,
        threads,
        recompute,
        lr,
        steps == 0 ? JUDGED_BRIEFLY : JUDGED,
        list(texts.heldOut()));
  }

  private static String list(List<Path> files) {
    return files.stream()
        .map(file -> "    - %s\n".formatted(quoted(file)))
        .collect(Collectors.joining());
  }

  /** A path as a YAML string. */
  private static String quoted(Path path) {
    String text = path.toAbsolutePath().normalize().toString();
    return "\"%s\"".formatted(text.replace("\\", "\\\\").replace("\"", "\\\""));
  }
}
