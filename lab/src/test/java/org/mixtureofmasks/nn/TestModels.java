package org.mixtureofmasks.nn;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.Families;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.TensorSpec;

/**
 * Models for tests: a random one that trains in milliseconds, and mom-4m where a machine has it.
 */
public final class TestModels {
  private TestModels() {}

  /** 2 layers, 16 wide, 24 neurons, 4 query and 2 key heads of 4, 50 tokens, context 16. */
  public static ModelConfig tinyConfig() {
    return tinyConfig(24);
  }

  /** The tiny model with so many neurons; 64 wide where 64 divides them, as a preview wants. */
  public static ModelConfig tinyConfig(int neurons) {
    return tinyConfig(neurons, true);
  }

  /** The same with an output projection of its own, or with the embedding as such. */
  public static ModelConfig tinyConfig(int neurons, boolean tied) {
    return new ModelConfig(
        Families.named("llama"),
        neurons % 64 == 0 ? 64 : 16,
        neurons,
        2,
        new ModelConfig.Attention(4, 2, 4),
        16,
        new ModelConfig.Rope(10000, new ModelConfig.Scaling.None()),
        new ModelConfig.Block(ModelConfig.Activation.SILU, 1e-5),
        new ModelConfig.Vocabulary(50, tied, 0, List.of(0)),
        Optional.empty(),
        Optional.empty());
  }

  /** The tiny model with weights drawn from the seed, large enough for visible non-linearity. */
  public static DecoderModule tiny(long seed, Precision precision) {
    return random(tinyConfig(), seed, precision);
  }

  /** A model of any shape with weights drawn from the seed. */
  public static DecoderModule random(ModelConfig config, long seed, Precision precision) {
    Natives.start(2);
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, Tensor> weights = new LinkedHashMap<>();
    for (TensorSpec spec : config.tensors().stored()) {
      int n = 1;
      for (long s : spec.shape()) {
        n *= (int) s;
      }
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        double g = random.nextGaussian();
        values[i] = (float) (spec.name().contains("norm") ? 1 + 0.1 * g : 0.25 * g);
      }
      weights.put(spec.name(), Tensors.of(values, spec.dimensions()));
    }
    return new DecoderModule(config, weights, precision);
  }

  /** Writes a model's weights as model.safetensors into a folder. */
  public static void save(DecoderModule model, Path folder) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    model
        .parameters()
        .forEach(
            (name, t) -> tensors.put(name, TensorSource.of(Tensors.toFloats(t), Tensors.shape(t))));
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
  }

  /** The folder mom-4m below the environment variable MOM_MODELS, if there is one. */
  public static Optional<Path> mom4m() {
    return Optional.ofNullable(System.getenv("MOM_MODELS"))
        .map(m -> Path.of(m, "mom-4m"))
        .filter(p -> p.toFile().isDirectory());
  }

  /** The dense model in a folder. */
  public static DecoderModule load(Path folder, Precision precision) {
    Natives.start(2);
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      return DenseWeights.load(checkpoint, ConfigReader.read(checkpoint), precision);
    }
  }
}
