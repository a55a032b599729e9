package org.mixtureofmasks.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.TensorSpec;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.sparsify.MethodProvider;

/**
 * What each phase of a run holds, from shapes alone; bytes. JavaCPP keeps every tensor that our
 * code names until its scope ends: the scope of a pass with gradients, that of a layer without and
 * where layers are computed again.
 *
 * @param config of the dense model
 * @param bf16 whether operands of matrix products are cast
 * @param learned parameters that have gradients and moments
 * @param teaches whether a frozen copy gives its distribution
 * @param maskBytes that the method's masks of activations, and what makes them, take of a token in
 *     a layer
 * @param method bytes that the method holds
 * @param steps optimiser steps of the run
 * @param stepTokens input tokens of an optimiser step
 * @param microTokens input tokens of a forward and backward pass
 * @param threads passes that may run at once
 * @param recompute whether training passes keep the layers' inputs alone
 * @param calibrationTokens that the method looks at before training
 * @param storedBytes of the dense model's files, mapped while they are read
 * @param textBytes of the largest text that is to be packed; 0 if none is
 */
record RunMemory(
    ModelConfig config,
    boolean bf16,
    long learned,
    boolean teaches,
    long maskBytes,
    long method,
    int steps,
    long stepTokens,
    long microTokens,
    int threads,
    boolean recompute,
    long calibrationTokens,
    long storedBytes,
    long textBytes) {
  /** Of a byte of text while it is encoded, a piece of 16 MB at most at a time, and afterwards. */
  private static final int ENCODING = 150;

  private static final int ENCODED = 80;

  private static final long PIECE = 16 << 20;

  /** Libraries, metaspace and compiled code, measured after the natives' start. */
  private static final long LIBRARIES = 330_000_000;

  /** Tokens that calibration passes at once, as FfnInputs does. */
  private static final int CALIBRATION_PASS = 2048;

  /** fp32 logits of a piece of the loss and what is made of them. */
  private static final long LOSS_PIECE = 6L * 4 * NextTokenLoss.PIECE_ELEMENTS;

  static RunMemory of(
      Settings settings, MethodProvider provider, ModelConfig config, long storedBytes) {
    Recipe recipe = settings.recipe();
    boolean masks = !provider.name().equals("dense");
    return new RunMemory(
        config,
        settings.precision() == Precision.BF16,
        TrainedWeights.of(recipe, provider).count(config),
        provider.distillation(recipe) > 0,
        masks ? mask(config, settings.precision()) + provider.choiceBytes(recipe, config) : 0,
        provider.heldBytes(recipe, config),
        settings.steps(),
        (long) settings.stepRows() * settings.rowTokens(),
        (long) settings.microRows() * settings.rowTokens(),
        Methods.create(recipe, config).passesAtOnce() ? settings.threads() : 1,
        settings.recompute(),
        provider.calibrationTokens(recipe),
        storedBytes,
        largestText(settings));
  }

  /** Bytes of a mask of a layer's activations for one token. */
  static long mask(ModelConfig config, Precision precision) {
    return (precision == Precision.BF16 ? 2L : 4L) * config.intermediateSize();
  }

  private static long largestText(Settings settings) {
    return Stream.of(settings.trainFiles(), settings.validationFiles(), settings.heldOutFiles())
        .flatMap(List::stream)
        .filter(file -> !settings.isPacked(file))
        .mapToLong(RunForecast::size)
        .max()
        .orElse(0);
  }

  RunMemory withMicroTokens(long tokens) {
    return with(tokens, threads, recompute, calibrationTokens);
  }

  RunMemory withThreads(int number) {
    return with(microTokens, number, recompute, calibrationTokens);
  }

  RunMemory withRecomputation() {
    return with(microTokens, threads, true, calibrationTokens);
  }

  RunMemory withCalibrationTokens(long tokens) {
    return with(microTokens, threads, recompute, tokens);
  }

  private RunMemory with(long micro, int passes, boolean again, long calibration) {
    return new RunMemory(
        config,
        bf16,
        learned,
        teaches,
        maskBytes,
        method,
        steps,
        stepTokens,
        micro,
        passes,
        again,
        calibration,
        storedBytes,
        textBytes);
  }

  /** What a phase holds, by what holds it. */
  SequencedMap<String, Long> of(RunPhase phase) {
    return switch (phase) {
      case PACK -> pack();
      case LOAD -> load();
      case PREPARE -> prepare();
      case VALIDATE -> validate();
      case TRAIN -> train();
      case SAVE -> save();
      case COMPILE -> compile();
      case JUDGE -> judge();
    };
  }

  /** Parameters of the dense model. */
  long parameters() {
    return elements().sum();
  }

  private LongStream elements() {
    return config.tensors().stored().stream().mapToLong(TensorSpec::elements);
  }

  private long largestTensor() {
    return elements().max().orElse(0);
  }

  private long embedding() {
    return (long) config.vocabSize() * config.hiddenSize();
  }

  /** What stays from the beginning to the end. */
  private SequencedMap<String, Long> always() {
    SequencedMap<String, Long> held = new LinkedHashMap<>();
    held.put("libraries", LIBRARIES);
    held.put("java_heap", javaHeap());
    held.put("weights", 4 * parameters());
    if (method > 0) {
      held.put("method", method);
    }
    if (teaches) {
      // Matrices in the products' format; the embedding is also looked up in fp32.
      long width = bf16 ? 2 : 4;
      held.put("teacher", width * (parameters() - embedding()) + 4 * embedding());
    }
    return held;
  }

  /** Stored tensors are widened in the heap, one after the other; it keeps what it has had. */
  private long javaHeap() {
    return 40_000_000 + 3 * 4 * largestTensor() + ENCODED * Math.min(PIECE, textBytes);
  }

  private SequencedMap<String, Long> pack() {
    SequencedMap<String, Long> held = new LinkedHashMap<>();
    held.put("libraries", LIBRARIES);
    held.put("java_heap", javaHeap());
    held.put("encoding", (ENCODING - ENCODED) * Math.min(PIECE, textBytes));
    return held;
  }

  private SequencedMap<String, Long> load() {
    SequencedMap<String, Long> held = always();
    held.put("stored_model", storedBytes);
    return held;
  }

  private SequencedMap<String, Long> prepare() {
    SequencedMap<String, Long> held = always();
    if (calibrationTokens == 0) {
      return held;
    }
    long width = bf16 ? 2 : 4;
    long pass = Math.min(CALIBRATION_PASS, calibrationTokens);
    held.put("layer_inputs", width * calibrationTokens * config.hiddenSize() * config.layers());
    long activations = pass * layerBytes(false, 0) + castWeights() / config.layers();
    // Of one layer at a time, fp32: importance of each neuron for each token, inputs, and the
    // copies
    // that the masks' and the router's fits make of them.
    long statistics =
        4 * calibrationTokens * (3L * config.intermediateSize() + 7L * config.hiddenSize())
            + pass * 12L * config.intermediateSize();
    held.put(
        activations > statistics ? "activations" : "statistics", Math.max(activations, statistics));
    return held;
  }

  private SequencedMap<String, Long> train() {
    SequencedMap<String, Long> held = trained();
    long microBatches = Math.ceilDiv(stepTokens, microTokens);
    long passes = Math.min(threads, microBatches);
    held.put(
        "activations", passes * (recompute ? activationsOfALayer() : activationsOfAllLayers()));
    if (teaches) {
      held.put("teacher_activations", passes * microTokens * layerBytes(false, 0));
    }
    held.put("logits", passes * (LOSS_PIECE + (bf16 ? 4 * embedding() : 0) + 4 * embedding()));
    if (learned > 0 && microBatches > 1) {
      long ends = learned == parameters() ? embedding() : 0;
      long whole = recompute ? ends + (learned - ends) / config.layers() : learned;
      held.put("gradients_of_passes", passes * 4 * whole);
    }
    return held;
  }

  /** Of a pass with the graph of all layers. */
  private long activationsOfAllLayers() {
    long ends = 8L * microTokens * config.hiddenSize();
    return microTokens * config.layers() * layerBytes(true, maskBytes) + castWeights() + ends;
  }

  /**
   * Of a pass with the graph of one: each layer's input with its gradient, and a layer backward.
   */
  private long activationsOfALayer() {
    long inputs = 8L * microTokens * config.hiddenSize() * (config.layers() + 1);
    long layer = microTokens * layerBytes(true, maskBytes) + castWeights() / config.layers();
    return inputs + 2 * layer;
  }

  private SequencedMap<String, Long> validate() {
    SequencedMap<String, Long> held = trained();
    held.put(
        "activations",
        microTokens * layerBytes(false, maskBytes) + castWeights() / config.layers());
    held.put("logits", LOSS_PIECE + (bf16 ? 2 * embedding() : 0));
    return held;
  }

  /** What a pass has freed stays resident: the C library keeps it for the next one. */
  private SequencedMap<String, Long> save() {
    SequencedMap<String, Long> held = trained();
    held.put("freed_and_kept", Math.max(0, passes() - sum(held)));
    return held;
  }

  /** The model once more, out of what was freed if that is enough, and the checkpoint, mapped. */
  private SequencedMap<String, Long> compile() {
    SequencedMap<String, Long> held = afterSteps();
    held.put("weights_again", 4 * parameters());
    keepFreed(held);
    held.put("checkpoint", 4 * parameters());
    return held;
  }

  /** Both models as the engine holds them, beside what is left of training. */
  private SequencedMap<String, Long> judge() {
    SequencedMap<String, Long> held = afterSteps();
    keepFreed(held);
    held.put("both_models", 4 * storedBytes); // mapped, and copied into huge pages
    held.put("stream", 2 * storedBytes);
    return held;
  }

  /** After steps all that only they need is freed, and what is free given back. */
  private SequencedMap<String, Long> afterSteps() {
    SequencedMap<String, Long> held = always();
    if (steps > 0) {
      held.remove("teacher");
    }
    return held;
  }

  /** Without steps what the preparation has freed stays resident. */
  private void keepFreed(SequencedMap<String, Long> held) {
    if (steps == 0) {
      held.put("freed_and_kept", Math.max(0, passes() - sum(held)));
    }
  }

  /** The fullest of the phases that compute. */
  private long passes() {
    return Math.max(sum(prepare()), steps == 0 ? 0 : sum(train()));
  }

  private static long sum(SequencedMap<String, Long> held) {
    return held.values().stream().mapToLong(Long::longValue).sum();
  }

  private SequencedMap<String, Long> trained() {
    SequencedMap<String, Long> held = always();
    if (learned > 0) {
      held.put("moments", steps == 0 ? 0 : 8 * learned);
      held.put("gradients", steps == 0 ? 0 : 4 * learned);
    }
    return held;
  }

  /** bf16 copies of the matrices, which live as long as a pass. */
  private long castWeights() {
    return bf16 ? 2 * (parameters() - embedding()) : 0;
  }

  /**
   * What a layer's pass makes for one token. Of the residual stream: both norms (with gradients
   * their normalised inputs too), both sums, casts and products; of queries and keys: the product,
   * fp32, and four tensors of the rotation; of the FFN: gate, SiLU, up, their product and the
   * masked one.
   */
  private long layerBytes(boolean gradients, long masks) {
    long width = bf16 ? 2 : 4;
    long cast = bf16 ? 2 : 0;
    long wide = bf16 ? 4 : 0; // products that are widened to fp32 again
    long d = config.hiddenSize();
    long q = (long) config.heads() * config.headDim();
    long kv = (long) config.kvHeads() * config.headDim();
    long stream = (gradients ? 16 : 8) + 8 + 2 * (cast + width + wide);
    long queries = width + wide + 16 + 4 + cast;
    if (gradients && q != kv) {
      queries += 8; // keys and values repeated for each head of their group
    }
    long keysAndValues = 2 * (width + wide) + 16;
    return stream * d
        + queries * q
        + keysAndValues * kv
        + 5 * width * config.intermediateSize()
        + masks;
  }
}
