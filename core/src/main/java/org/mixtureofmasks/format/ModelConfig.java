package org.mixtureofmasks.format;

import java.util.List;
import java.util.Optional;

/**
 * The shape of a decoder, immutable. Names follow Hugging Face's config.json.
 *
 * @param family what its tensors are called and what its layers compute
 * @param hiddenSize width of the residual stream, d
 * @param intermediateSize neurons of the dense FFN, m
 * @param layers num_hidden_layers
 * @param attention heads and their width
 * @param maxPositions max_position_embeddings, the longest context in tokens
 * @param rope how positions turn queries and keys
 * @param block what a layer computes beside its matrices
 * @param vocabulary tokens, and whether the output projection is the embedding
 * @param mixtureOfMasks experts that the FFNs are made of; empty for a model without
 * @param tokenMasks thresholds by which each token leaves out parts of the FFNs; empty for a model
 *     without
 */
public record ModelConfig(
    Family family,
    int hiddenSize,
    int intermediateSize,
    int layers,
    Attention attention,
    int maxPositions,
    Rope rope,
    Block block,
    Vocabulary vocabulary,
    Optional<MixtureOfMasks> mixtureOfMasks,
    Optional<TokenMasks> tokenMasks) {

  /**
   * Attention with grouped queries.
   *
   * @param heads query heads
   * @param kvHeads key and value heads; divides heads
   * @param headDim width of a head
   */
  public record Attention(int heads, int kvHeads, int headDim) {}

  /**
   * What families do differently within a layer. A family that differs in more (biases, norms of
   * queries and keys, windows) adds a component here; what is not listed is refused by its name
   * when a configuration is read.
   *
   * @param activation of the FFN's gate
   * @param rmsNormEps epsilon of the RMS norms before attention, before the FFN and at the end
   */
  public record Block(Activation activation, double rmsNormEps) {}

  /** Activations of the FFN's gate, by the names of config.json's hidden_act. */
  public enum Activation {
    /** x · sigmoid(x). */
    SILU
  }

  /**
   * Tokens as numbers.
   *
   * @param size rows of the embedding, vocab_size
   * @param tied whether the output projection is the embedding, tie_word_embeddings
   * @param bosToken id of the beginning-of-sequence token, -1 when the model has none
   * @param eosTokens ids that end a text, possibly none
   */
  public record Vocabulary(int size, boolean tied, int bosToken, List<Integer> eosTokens) {
    /** Copies the list of tokens. */
    public Vocabulary {
      eosTokens = List.copyOf(eosTokens);
    }
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

    /**
     * rope_type "linear": every frequency is divided by the same factor.
     *
     * @param factor how many times longer the context becomes, above 0
     */
    record Linear(double factor) implements Scaling {}

    /**
     * rope_type "llama3" (Llama 3.1 and later): long waves are stretched, short ones left alone,
     * see {@link Rotary#frequencies}.
     *
     * @param factor by which the frequencies of long waves are divided
     * @param lowFreqFactor waves that turn fewer times than this within the original context are
     *     long
     * @param highFreqFactor waves that turn more times than this are short; above lowFreqFactor
     * @param originalMaxPositions the original context, in tokens
     */
    record Llama3(
        double factor, double lowFreqFactor, double highFreqFactor, double originalMaxPositions)
        implements Scaling {}

    /**
     * What GGUF stores of any scaling: each frequency is divided by its own factor.
     *
     * @param divisors head_dim / 2 numbers above 0
     */
    record Factors(List<Float> divisors) implements Scaling {
      /** Copies the list of divisors. */
      public Factors {
        divisors = List.copyOf(divisors);
      }
    }
  }

  /**
   * The member mixture_of_masks of config.json; docs/file-formats.md has the tensors that go with
   * it.
   *
   * @param variant the method's variant, for people; "mom" when the file names none
   * @param layout how the experts are stored
   * @param experts masks per layer, E
   * @param routing how tokens choose among them
   * @param target the active FFN share asked for, in (0, 1]
   * @param activeFfnShare the share of FFN weights that a token uses, averaged over layers and
   *     experts; with a threshold, where masks do not say it, what was asked for
   * @param liveNeurons neurons stored, by layer
   * @param sharedNeurons neurons that are on in every mask, by layer
   * @param inputMasks of models whose experts leave out inputs of the FFN too
   * @param parent hash of what it was made from, if the file says one
   */
  public record MixtureOfMasks(
      String variant,
      Layout layout,
      int experts,
      Routing routing,
      double target,
      double activeFfnShare,
      List<Integer> liveNeurons,
      List<Integer> sharedNeurons,
      Optional<InputMasks> inputMasks,
      Optional<String> parent) {
    /** Copies the lists. */
    public MixtureOfMasks {
      liveNeurons = List.copyOf(liveNeurons);
      sharedNeurons = List.copyOf(sharedNeurons);
    }

    /** {@return experts of a token, k; with a threshold the most that it can have} */
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
    /** Copies the list of kept inputs. */
    public InputMasks {
      keptInputs = List.copyOf(keptInputs);
    }
  }

  /**
   * The member token_masks of config.json; docs/file-formats.md has the tensors that go with it.
   *
   * @param choice by what a token chooses
   * @param target the active FFN share asked for, in (0, 1]
   * @param activeFfnShare the share of FFN weights that a token of the method's text used, averaged
   *     over layers, in [0, 1]
   * @param keptInputs by layer: share of hidden_size that gate and up projection, or the preview of
   *     both, read of it, in [0, 1]
   * @param keptNeurons by layer: share of intermediate_size that the down projection reads, in [0,
   *     1]
   * @param parent hash of what it was made from, if the file says one
   */
  public record TokenMasks(
      ShippedThresholds.Choice choice,
      double target,
      double activeFfnShare,
      List<Double> keptInputs,
      List<Double> keptNeurons,
      Optional<String> parent) {
    /** Copies the lists. */
    public TokenMasks {
      keptInputs = List.copyOf(keptInputs);
      keptNeurons = List.copyOf(keptNeurons);
    }
  }

  /** {@return whether tokens leave out parts of the FFNs, by experts or by masks of their own} */
  public boolean sparse() {
    return mixtureOfMasks.isPresent() || tokenMasks.isPresent();
  }

  /**
   * The same shape with another number of layers.
   *
   * @param number at least one
   * @return the shape; all else is as it was
   */
  public ModelConfig withLayers(int number) {
    return new ModelConfig(
        family,
        hiddenSize,
        intermediateSize,
        number,
        attention,
        maxPositions,
        rope,
        block,
        vocabulary,
        mixtureOfMasks,
        tokenMasks);
  }

  /** {@return every tensor of a dense model of this shape, in model order} */
  public TensorSpecs tensors() {
    return family.tensors(this);
  }

  /** {@return query heads, h} */
  public int heads() {
    return attention.heads;
  }

  /** {@return key and value heads, a divisor of {@link #heads}} */
  public int kvHeads() {
    return attention.kvHeads;
  }

  /** {@return width of a head, an even number} */
  public int headDim() {
    return attention.headDim;
  }

  /** {@return epsilon of the RMS norms} */
  public double rmsNormEps() {
    return block.rmsNormEps;
  }

  /** {@return rows of the embedding: token ids are below it} */
  public int vocabSize() {
    return vocabulary.size;
  }

  /** {@return whether the output projection is the embedding} */
  public boolean tieEmbeddings() {
    return vocabulary.tied;
  }

  /** {@return id of the beginning-of-sequence token, -1 when the model has none} */
  public int bosToken() {
    return vocabulary.bosToken;
  }

  /** {@return ids that end a text, possibly none} */
  public List<Integer> eosTokens() {
    return vocabulary.eosTokens;
  }
}
