package org.mixtureofmasks.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.ledger.InferenceMemory;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.model.CacheType;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;
import picocli.CommandLine.Option;

/** How a verb runs a model; a picocli mixin. */
public final class RunOptions {
  @Option(
      names = "--weights",
      paramLabel = "auto|f32|bf16|int8|q4|q8_0|q4_0",
      defaultValue = "auto",
      description =
          "Number format of the weights in memory; auto: as they are stored, quantised ones too;"
              + " int8 (a scale for each row), q4 (4 bits, a scale for 32 weights; embedding and"
              + " output int8), q8_0, q4_0 (GGUF's blocks): rounded to the nearest on loading. 'mom"
              + " quantise' stores int8 and q4."
              + " Default: ${DEFAULT-VALUE}.")
  private WeightType weights;

  @Option(
      names = "--memory",
      paramLabel = "auto|mapped|huge_pages",
      defaultValue = "auto",
      description =
          "Where the weights lie: in the mapped file, which all processes share, or copied into huge"
              + " pages, which are read faster; auto: moved there behind the first token if they take"
              + " at most a quarter of the memory. Default: ${DEFAULT-VALUE}.")
  private LoadOptions.Memory memory;

  @Option(
      names = "--kv-cache",
      paramLabel = "f32|bf16|int8",
      defaultValue = "f32",
      description =
          "How the keys and values of a text are kept: f32 as computed, bf16 in half of the memory,"
              + " int8 in little more than a quarter (mom inspect says how much that is)."
              + " Default: ${DEFAULT-VALUE}.")
  private CacheType cache;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute. Default: one for each core.")
  private @Nullable Integer threads;

  private boolean warned;

  /** The number format asked for. */
  public WeightType weights() {
    return weights;
  }

  /** How the keys and values of texts are kept. */
  public CacheType cache() {
    return cache;
  }

  /** Threads that compute; more than there are cores are warned of once. */
  public int threads() {
    if (threads != null && threads < 1) {
      throw UserError.usage("--threads %s: it must be at least 1".formatted(threads));
    }
    int cores = LoadOptions.defaults().threads();
    if (threads != null && !warned) {
      warned = true;
      warnOfThreads(threads, cores);
    }
    return threads == null ? cores : threads;
  }

  /**
   * Says so where threads would wait for each other; asked once for each command.
   *
   * @param threads that are to compute
   * @param cores that there are
   */
  public static void warnOfThreads(int threads, int cores) {
    if (threads > cores) {
      Terminal.note(
          "mom: --threads %d: this machine has %d cores; more threads than cores take turns and are slower"
              .formatted(threads, cores));
    }
  }

  /**
   * Opens a model so.
   *
   * @throws UserError if its weights are to be copied and the memory does not suffice
   */
  public Model open(Path model) {
    Checkpoint checkpoint = Checkpoints.open(model);
    try {
      requireMemory(checkpoint, Machine.here(model));
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
    return Model.open(checkpoint, new LoadOptions(weights, threads(), memory, cache));
  }

  /** Copies must fit; a mapped file need not, but then tokens wait for the disk. */
  void requireMemory(Checkpoint checkpoint, Machine machine) {
    Path model = checkpoint.path();
    boolean converted = false;
    long bytes = 0;
    for (StoredTensor t : checkpoint.tensors().values()) {
      if (t.shape().size() > 1 && !t.dtype().isInteger()) {
        DType kept = weights.kept(t.dtype(), t.shape().getLast());
        converted |= kept != t.dtype();
        bytes += t.elements() / kept.blockSize() * kept.blockBytes();
      }
    }
    bytes = converted ? bytes : checkpoint.bytes();
    InferenceMemory needs =
        InferenceMemory.of(ConfigReader.read(checkpoint), bytes, threads(), cache);
    if (converted || memory == LoadOptions.Memory.HUGE_PAGES) {
      needs.require(
          machine,
          model,
          converted
              ? "give the weights in the format that they are to be run in ('mom import' writes bf16), which stay in the mapped file"
              : "leave --memory out");
    } else if (bytes > machine.memoryBytes()) {
      Terminal.note(
          "%s has %s of weights and %s of memory are available: tokens will wait for the disk"
              .formatted(
                  model, Machine.gigabytes(bytes), Machine.gigabytes(machine.memoryBytes())));
    }
  }
}
