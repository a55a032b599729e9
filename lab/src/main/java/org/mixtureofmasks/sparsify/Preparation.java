package org.mixtureofmasks.sparsify;

import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;

/**
 * How a method gets ready, one layer at a time, the first one first. What it asks of a layer is
 * said by its type: nothing, sums over the tokens (which several machines may count together), or
 * the tokens themselves. Whoever drives it holds one layer's weights and inputs, so that the model
 * may be larger than memory; {@link LayerByLayer} does it for a model that is not.
 *
 * <p>Every call but {@link #finish} is within a PointerScope of the layer and without gradients:
 * what a layer leaves behind is kept in Java's memory and becomes tensors in {@link #finish}.
 */
public sealed interface Preparation {
  /** Once after the last layer, outside of any PointerScope: makes what outlives the call. */
  default void finish() {
    // What needs nothing of the layers together has nothing to do.
  }

  /** A method that begins from constants. */
  non-sealed interface OfNothing extends Preparation {}

  /** Looks at no layer. */
  static Preparation ofNothing(Runnable finish) {
    return new OfNothing() {
      @Override
      public void finish() {
        finish.run();
      }
    };
  }

  /** A method that needs statistics of a layer's tokens which add up. */
  non-sealed interface OfSums extends Preparation {
    /** Sums of 0, of a layer with these weights. */
    Sums empty(FfnWeights weights);

    /**
     * Adds a pass of tokens.
     *
     * @param x the FFN's input of some calibration tokens in the products' precision, tokens x
     *     hidden_size; at most {@link LayerByLayer#TOKENS_PER_PASS} tokens
     */
    void add(Tensor x, FfnWeights weights, Sums to);

    /** Makes what the layer needs from the sums over all calibration tokens. */
    void layer(int layer, Sums sums, FfnWeights weights);
  }

  /**
   * A method that needs a layer's tokens themselves and at once, since it clusters them, fits a
   * router to them or takes an exact quantile.
   */
  non-sealed interface OfTokens extends Preparation {
    /**
     * @param x the FFN's inputs of all calibration tokens in the products' precision, tokens x
     *     hidden_size
     */
    void layer(int layer, Tensor x, FfnWeights weights);
  }

  /**
   * What a preparation asks for besides, when it must know how the whole model takes what is done
   * to one layer. Each question costs passes of the whole model, so a model larger than memory
   * answers it slowly.
   */
  interface ByLoss {
    /** The loss of the model with a feed-forward part. */
    @FunctionalInterface
    interface Loss {
      /**
       * @param ffn the feed-forward part of every layer
       * @return mean cross entropy of the calibration rows' next tokens, nats
       */
      double of(FeedForward ffn);
    }

    /** Of every layer, before the first one is prepared; the parameters are as in OfTokens. */
    void measure(int layer, Tensor x, FfnWeights weights, Loss loss);
  }

  /**
   * What a preparation asks for besides, when it must know how much an error of a layer's output
   * costs the whole model, without passing tokens once a layer.
   */
  interface BySensitivity {
    /**
     * Of every layer, before the first one is prepared.
     *
     * @param squares mean over calibration tokens of the squared gradient of the summed cross
     *     entropy by each of the FFN's outputs, hidden_size numbers: to the second order an error e
     *     of the outputs costs about half of the sum of squares · e² in nats
     */
    void sensitivity(int layer, float[] squares);
  }
}
