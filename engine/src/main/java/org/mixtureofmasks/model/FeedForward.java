package org.mixtureofmasks.model;

import org.mixtureofmasks.kernel.Matrix;

/** The feed-forward weights of one layer; d is hidden_size, m intermediate_size. */
sealed interface FeedForward {
  /** Bytes of weights in memory. */
  long bytes();

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
  }

  /**
   * The uncompiled twin of {@link Experts}: everything is computed, then masked.
   *
   * @param dense the three projections
   * @param router chooses masks
   * @param masks E x m of 0 and 1
   */
  record Masked(Dense dense, Router router, byte[][] masks) implements FeedForward {
    @Override
    public long bytes() {
      return dense.bytes() + router.weight().bytes();
    }
  }

  /**
   * Only what a token's experts hold is computed.
   *
   * @param neurons (3 stored) x d: gate row, up row and down column of each stored neuron
   * @param router chooses experts
   * @param runs which neurons an expert holds
   * @param union with several unscaled experts for a token; else null
   */
  record Experts(Matrix neurons, Router router, ExpertRuns runs, UnscaledUnion union)
      implements FeedForward {
    @Override
    public long bytes() {
      return neurons.bytes() + router.weight().bytes();
    }

    /** Stored neurons. */
    int stored() {
      return neurons.rows() / 3;
    }

    /** Bytes of one neuron's record. */
    long recordBytes() {
      return 3L * neurons.columns() * neurons.elementBytes();
    }
  }
}
