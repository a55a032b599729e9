package org.mixtureofmasks.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.ThresholdFfn;

/** The feed-forward weights of one layer; d is hidden_size, m intermediate_size. */
sealed interface FeedForward {
  /** Bytes of weights in memory. */
  long bytes();

  /** All of its matrices but the router. */
  Stream<Matrix> matrices();

  /**
   * y = W_d (SiLU(W_g x) ⊙ W_u x).
   *
   * @param gate W_g, m x d
   * @param up W_u, m x d
   * @param down W_d, d x m
   */
  record Dense(Matrix gate, Matrix up, Matrix down) implements FeedForward {
    @Override
    public long bytes() {
      return gate.bytes() + up.bytes() + down.bytes();
    }

    @Override
    public Stream<Matrix> matrices() {
      return Stream.of(gate, up, down);
    }
  }

  /**
   * The uncompiled twin of {@link Experts}: everything is computed, then masked.
   *
   * @param dense the three projections
   * @param router chooses masks
   * @param masks E masks of m neurons
   * @param inputMasks E masks of d inputs, for one expert a token; empty when all inputs are read
   */
  record Masked(Dense dense, Router router, List<Mask> masks, Optional<List<Mask>> inputMasks)
      implements FeedForward {
    @Override
    public long bytes() {
      return dense.bytes() + router.weight().bytes();
    }

    @Override
    public Stream<Matrix> matrices() {
      return dense.matrices();
    }
  }

  /**
   * Only what a token's experts hold is computed.
   *
   * @param neurons (3 stored) x d: gate row, up row and down column of each stored neuron
   * @param router chooses experts
   * @param runs which neurons an expert holds
   * @param union with several unscaled experts for a token; else null
   * @param outputs d factors of the layer's outputs, if down columns were divided by them
   */
  record Experts(
      Matrix neurons,
      Router router,
      ExpertRuns runs,
      @Nullable SharedNeurons union,
      float @Nullable [] outputs)
      implements FeedForward {
    @Override
    public long bytes() {
      return neurons.bytes() + router.weight().bytes();
    }

    @Override
    public Stream<Matrix> matrices() {
      return Stream.of(neurons);
    }

    /** Stored neurons. */
    int stored() {
      return neurons.rows() / 3;
    }
  }

  /**
   * Only what a token keeps is read.
   *
   * @param ffn weights and thresholds
   */
  record TokenMasks(ThresholdFfn ffn) implements FeedForward {
    @Override
    public long bytes() {
      return ffn.bytes();
    }

    @Override
    public Stream<Matrix> matrices() {
      return ffn.matrices();
    }
  }

  /**
   * Each expert an FFN of its own with only the inputs and the neurons that it keeps: what input
   * masks are compiled to. One expert a token.
   *
   * @param router chooses experts
   * @param blocks one for each expert
   */
  record Blocks(Router router, List<Block> blocks) implements FeedForward {
    public Blocks {
      blocks = List.copyOf(blocks);
    }

    @Override
    public long bytes() {
      return router.weight().bytes() + blockBytes();
    }

    @Override
    public Stream<Matrix> matrices() {
      return blocks.stream().flatMap(b -> b.ffn.matrices());
    }

    /** Bytes of all experts together. */
    long blockBytes() {
      return blocks.stream().mapToLong(b -> b.ffn.bytes()).sum();
    }

    /** Weights of all experts together. */
    long blockWeights() {
      return blocks.stream().mapToLong(Block::weights).sum();
    }
  }

  /**
   * One expert of {@link Blocks}.
   *
   * @param inputs which elements of x it reads, ascending
   * @param ffn gate and up neurons x inputs, down d x neurons; both of these may be 0
   */
  record Block(int[] inputs, Dense ffn) {
    /** Weights that a token of this expert reads: 2·|in|·|mid| + |mid|·d. */
    long weights() {
      return ffn.gate.elements() + ffn.up.elements() + ffn.down.elements();
    }
  }
}
