package org.mixtureofmasks.plan;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.TensorSpec;

/**
 * Settings of a mixture of masks by the model's size; docs/which-settings.md says what they rest
 * on.
 *
 * @param experts masks of a layer
 * @param calibrationTokens that masks and router are made from
 * @param row tokens of a row, the last one a target only
 * @param batchTokens input tokens of an optimiser step
 * @param microRows rows of a forward and backward pass
 * @param lr peak learning rate of the weights
 * @param distillation weight of the dense model's distribution in the loss, in [0, 1]
 * @param steps optimiser steps; 0: training-free
 */
public record Choice(
    int experts,
    int calibrationTokens,
    int row,
    int batchTokens,
    int microRows,
    double lr,
    double distillation,
    int steps) {
  /** Sizes and learning rates that were tried; between them it is a line in logarithms. */
  private static final double[][] RATES = {{4.5e6, 4e-4}, {135e6, 1e-4}, {1e9, 2e-5}};

  /** A router of E rows adds E / (3 m) to the FFN's weights: about this much at most. */
  private static final double ROUTER_SHARE = 0.01;

  private static final int ROW = 513;

  /** Minutes at 135M parameters; with training, which takes longer anyway, three times as many. */
  private static final int CALIBRATION = 8192;

  private static final int CALIBRATION_OF_TRAINED = 24_576;

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
        experts(config.intermediateSize()),
        CALIBRATION,
        row,
        SMALL_BATCH,
        Math.max(1, 4096 / (row - 1)),
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
        experts, CALIBRATION_OF_TRAINED, row, batch, microRows, lr, 0.5, Math.toIntExact(count));
  }

  Choice withSteps(int count) {
    return new Choice(
        experts, calibrationTokens, row, batchTokens, microRows, lr, distillation, count);
  }

  /** The same in smaller passes, for less memory. */
  public Choice withMicroRows(int rows) {
    return new Choice(experts, calibrationTokens, row, batchTokens, rows, lr, distillation, steps);
  }

  /** The same with fewer calibration tokens, for less text. */
  public Choice withCalibration(int tokens) {
    return new Choice(experts, tokens, row, batchTokens, microRows, lr, distillation, steps);
  }

  /** Tokens of the whole training. */
  public long tokens() {
    return (long) steps * batchTokens;
  }

  static int experts(int intermediateSize) {
    int most = (int) (ROUTER_SHARE * 3 * intermediateSize);
    return Math.clamp(Integer.highestOneBit(Math.max(1, most)), 32, 128);
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
   * @param share of the FFN's weights that a token is to use, in (0, 1]
   */
  String recipe(Path model, OwnTexts texts, double share) {
    return String.format(
        Locale.ROOT,
        """
        # Chosen by 'mom sparsify MODEL --text ...' from the model's size and the budget. To change a setting,
        # edit a copy of this file and run: mom sparsify COPY.yaml --out NEW_RUN
        model: %s
        method: mixture_of_masks

        masks:
          start: calibrated        # masks and router from activation statistics
          experts: %d              # masks per layer; a token uses one
          target: %s               # active share of the FFN's weights
          calibration_tokens: %d
          distillation: %s         # share of the dense model's distribution in the loss

        data:
          train:
        %s  row: %d                 # tokens of a training sequence

        train:
          steps: %d
          batch_tokens: %d
          micro_batch_rows: %d
          lr: %.3g

        evaluate:
          held_out_rows: %d         # both models are judged by them at the end
          held_out:
        %s""",
        quoted(model),
        experts,
        share,
        calibrationTokens,
        distillation,
        list(texts.train()),
        row,
        steps,
        batchTokens,
        microRows,
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
