package org.mixtureofmasks.format;

import java.util.List;
import java.util.Optional;

/**
 * The shape of a LLaMA-style decoder, immutable. Names follow Hugging Face's config.json.
 *
 * @param hiddenSize width of the residual stream, d
 * @param intermediateSize neurons of the dense FFN, m
 * @param layers num_hidden_layers
 * @param heads query heads
 * @param kvHeads key and value heads; divides heads
 * @param headDim width of a head
 * @param vocabSize rows of the embedding
 * @param maxPositions max_position_embeddings, the longest context in tokens
 * @param rmsNormEps epsilon of the RMS norms
 * @param rope how positions turn queries and keys
 * @param tieEmbeddings whether the output projection is the embedding
 * @param bosToken id of the beginning-of-sequence token, -1 when the model has none
 * @param eosTokens ids that end a text, possibly none
 * @param mixtureOfMasks how the FFNs are made sparse; empty for a dense model
 */
public record ModelConfig(
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int vocabSize,
    int maxPositions,
    double rmsNormEps,
    Rope rope,
    boolean tieEmbeddings,
    int bosToken,
    List<Integer> eosTokens,
    Optional<MixtureOfMasks> mixtureOfMasks) {

  public ModelConfig {
    eosTokens = List.copyOf(eosTokens);
  }

  /**
   * Rotary position embedding, split-half order (Hugging Face's).
   *
   * @param theta base of the frequencies
   * @param scaling how the frequencies are scaled for longer contexts
   */
  public record Rope(double theta, Scaling scaling) {}

  /** Scaling of the rotary frequencies, by Hugging Face's rope_type. */
  public sealed interface Scaling {
    /** rope_type "default". */
    record None() implements Scaling {}

    /** rope_type "linear": frequencies divided by factor. */
    record Linear(double factor) implements Scaling {}

    /** rope_type "llama3" (Llama 3.1 and later). */
    record Llama3(
        double factor, double lowFreqFactor, double highFreqFactor, double originalMaxPositions)
        implements Scaling {}
  }

  /**
   * The member mixture_of_masks of config.json; docs/file-formats.md has the tensors that go with
   * it.
   *
   * @param variant the method's variant, for people; "mom" when the file names none
   * @param experts masks per layer, E
   * @param routing how tokens choose among them
   * @param target the active FFN share asked for, in (0, 1]
   * @param activeFfnShare the share of FFN weights that a token uses, averaged over layers and
   *     experts; with a threshold, where masks do not say it, what was asked for
   * @param liveNeurons neurons stored, by layer
   * @param sharedNeurons neurons that are on in every mask, by layer
   * @param inputMasks of models whose experts leave out inputs of the FFN too
   */
  public record MixtureOfMasks(
      String variant,
      int experts,
      Routing routing,
      double target,
      double activeFfnShare,
      List<Integer> liveNeurons,
      List<Integer> sharedNeurons,
      Optional<InputMasks> inputMasks) {
    public MixtureOfMasks {
      liveNeurons = List.copyOf(liveNeurons);
      sharedNeurons = List.copyOf(sharedNeurons);
    }

    /** Experts of a token, k; with a threshold the most that it can have. */
    public int expertsPerToken() {
      return routing.topK();
    }
  }

  /**
   * What is known of input masks.
   *
   * @param keptInputs mean number of inputs that an expert keeps, by layer, in [0, d]
   * @param paperShare the paper's R_h·R_FFN, the mean over layers and experts of (|in| / d) (|mid|
   *     / m)
   */
  public record InputMasks(List<Double> keptInputs, double paperShare) {
    public InputMasks {
      keptInputs = List.copyOf(keptInputs);
    }
  }
}
