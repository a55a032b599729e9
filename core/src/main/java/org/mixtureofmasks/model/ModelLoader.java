package org.mixtureofmasks.model;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens models; see {@link Model#open}.
 *
 * @param options threads, and how weights are kept
 * @param choice the kernels
 * @param formats of the matrices; options.weights() counts for nothing
 */
record ModelLoader(LoadOptions options, KernelChoice choice, WeightFormats formats) {
  private static final Logger LOG = LoggerFactory.getLogger(Model.class);

  /** A model folder, a .gguf or a llama2.c .bin file, as a model that owns what it is made of. */
  Model open(Path model) {
    return open(Checkpoints.open(model));
  }

  /** An opened one, which is the model's from now on, also if it cannot be opened. */
  Model open(Checkpoint checkpoint) {
    Arena arena = Arena.ofShared();
    ParallelKernels kernels = null;
    try {
      ModelConfig config = ConfigReader.read(checkpoint);
      WeightMemory memory = WeightMemory.of(options.memory(), checkpoint, arena);
      ModelWeights weights = WeightLoader.load(checkpoint, config, formats, memory);
      kernels = new ParallelKernels(choice.kernels(), options.threads());
      String description =
          "kernels: %s (%s); KV cache: %s; threads: %d; weights: %s, %d bytes, %s"
              .formatted(
                  choice.kernels().name(),
                  choice.reason(),
                  options.cache().format().name(),
                  options.threads(),
                  weights.formats(),
                  weights.bytes(),
                  memory.description());
      LOG.info("{}: {}", checkpoint.path(), description);
      return new Model(
          checkpoint, config, weights, arena, memory.move(), kernels, options.cache(), description);
    } catch (RuntimeException | Error e) {
      if (kernels != null) {
        kernels.close();
      }
      arena.close();
      checkpoint.close();
      throw e;
    }
  }
}
