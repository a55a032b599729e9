package org.mixtureofmasks.train;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.DenseProvider;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/**
 * What a run would take. Recipe, model and data are opened and checked; nothing is written.
 *
 * @param steps optimiser steps
 * @param tokensPerStep input tokens of one
 * @param parameters of the dense model
 * @param memoryBytes weights, gradients, moments, the teacher, and one micro-batch's activations
 * @param diskBytes of the checkpoints that are kept
 * @param secondsPerStep from one measured micro-batch of this very model; NaN when the machine has
 *     too little memory to try
 */
public record Estimate(
    int steps,
    long tokensPerStep,
    long parameters,
    long memoryBytes,
    long diskBytes,
    double secondsPerStep) {
  /** Cost of masks and router over the dense forward and backward pass, measured on mom-4m. */
  private static final double MASKED = 1.1;

  /** Cost of the teacher's forward pass over a forward and a backward pass, measured likewise. */
  private static final double TAUGHT = 1.6;

  /** Estimates a recipe. */
  public static Estimate of(Recipe recipe) {
    Start start = Start.open(recipe);
    try {
      return of(start, Methods.provider(recipe));
    } finally {
      start.close();
    }
  }

  private static Estimate of(Start start, MethodProvider provider) {
    Settings settings = start.settings();
    Recipe recipe = settings.recipe();
    DecoderModule model = start.model();
    long parameters = model.parameters().values().stream().mapToLong(Tensor::numel).sum();
    boolean learns = provider.trainsWeights(recipe);
    // fp32 master, gradient and two moments; a frozen weight is only a master.
    long memory = parameters * (learns ? 16 : 4);
    if (start.teacher() != null) {
      memory += start.teacher().parameters().values().stream().mapToLong(Tensor::nbytes).sum();
    }
    memory +=
        (long) settings.microRows()
            * settings.rowTokens()
            * activationBytes(model.config(), settings.precision());
    long disk = (long) recipe.get(RunKeys.CHECKPOINT_KEEP) * parameters * (learns ? 12 : 4);
    boolean fits = memory < freeMemory();
    double seconds =
        settings.steps() == 0 ? 0 : fits ? secondsPerStep(start, provider) : Double.NaN;
    return new Estimate(
        settings.steps(),
        (long) settings.stepRows() * settings.rowTokens(),
        parameters,
        memory,
        disk,
        seconds);
  }

  /** Bytes that autograd keeps for one token. */
  private static long activationBytes(ModelConfig c, Precision precision) {
    long width = precision == Precision.BF16 ? 2 : 4;
    long heads = (long) (c.heads() + 2 * c.kvHeads()) * c.headDim();
    // A layer: residual, norms and their statistics in fp32; queries, keys and values before and
    // after the rotation; the FFN's gate, up, SiLU, product and mask.
    return c.layers() * (24L * c.hiddenSize() + 12L * heads + 5 * width * c.intermediateSize())
        + 16L * c.hiddenSize();
  }

  private static long freeMemory() {
    return java.lang.management.ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean os
        ? os.getFreeMemorySize()
        : Long.MAX_VALUE;
  }

  private static double secondsPerStep(Start start, MethodProvider provider) {
    Settings settings = start.settings();
    Method dense = new DenseProvider().create(settings.recipe(), start.model().config());
    StepLoss loss = new StepLoss(start.model(), dense, null, 0);
    long[][] rows = start.sampler().next(settings.microRows());
    loss.accumulate(rows, settings.microRows()); // the first one also warms up
    double[] seconds = new double[3];
    for (int i = 0; i < seconds.length; i++) {
      long from = System.nanoTime();
      loss.accumulate(rows, settings.microRows());
      seconds[i] = (System.nanoTime() - from) / 1e9;
    }
    Arrays.sort(seconds);
    boolean masked = !provider.name().equals("dense");
    return seconds[1]
        * settings.stepRows()
        / settings.microRows()
        * (masked ? MASKED : 1)
        * (start.teacher() != null ? TAUGHT : 1);
  }
}
