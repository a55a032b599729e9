package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A family of models: what its configurations and tensors are called, and what its layers compute.
 * One class for each, listed in {@link Families}; the engine, the trainer, the compiler and every
 * writer know a family by nothing else.
 */
public abstract class Family {
  private final String modelType;
  private final String architecture;
  private final Optional<String> ggufArchitecture;

  /**
   * What config.json leaves out: the defaults of transformers' configuration class.
   *
   * @param kvHeads num_key_value_heads; as many as query heads when empty
   * @param maxPositions max_position_embeddings
   * @param rmsNormEps rms_norm_eps
   */
  record Defaults(OptionalInt kvHeads, int maxPositions, double rmsNormEps) {}

  /**
   * @param modelType config.json's model_type
   * @param architecture the class in transformers, for architectures
   * @param ggufArchitecture general.architecture of GGUF files and the prefix of their keys; empty
   *     when GGUF files of it call themselves another family's
   */
  Family(String modelType, String architecture, Optional<String> ggufArchitecture) {
    this.modelType = modelType;
    this.architecture = architecture;
    this.ggufArchitecture = ggufArchitecture;
  }

  /** {@return config.json's model_type, by which the family is named} */
  public final String modelType() {
    return modelType;
  }

  /** The class in transformers. */
  final String architecture() {
    return architecture;
  }

  final Optional<String> ggufArchitecture() {
    return ggufArchitecture;
  }

  abstract Defaults defaults();

  /**
   * What a layer computes.
   *
   * @throws org.mixtureofmasks.io.BadCheckpoint naming what config.json asks for and layers of this
   *     family do not compute here
   */
  abstract ModelConfig.Block block(Fields config);

  /** What a layer of GGUF files computes, whose keys begin with {@link #ggufArchitecture}. */
  abstract ModelConfig.Block ggufBlock(Fields metadata, String prefix);

  /** Puts what {@link #block} reads, but for the norms' epsilon, into a config.json. */
  abstract void writeBlock(ModelConfig.Block block, ObjectNode config);

  /** Every tensor of a dense model, in model order. */
  abstract TensorSpecs tensors(ModelConfig config);

  @Override
  public final String toString() {
    return modelType;
  }
}
