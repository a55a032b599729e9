package org.mixtureofmasks.format;

import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.StoredTensor;

/**
 * What a sparse folder holds of one layer's experts, every shape checked; d is hidden_size, E the
 * number of experts.
 */
public sealed interface StoredExperts {
  /** {@return router.weight: rows as the routing says, x d} */
  StoredTensor router();

  /**
   * Layouts runs and copied.
   *
   * @param router of the layer
   * @param neurons stored x 3 x d: gate row, up row and down column of each stored neuron
   * @param offsets E + 1 integers: expert e owns the runs offsets[e] to below offsets[e + 1]
   * @param runs pairs of first stored neuron and length
   * @param outputs d factors of the layer's outputs, where down columns were divided by them before
   *     they were rounded
   */
  record Neurons(
      StoredTensor router,
      StoredTensor neurons,
      StoredTensor offsets,
      StoredTensor runs,
      Optional<StoredTensor> outputs)
      implements StoredExperts {
    /** {@return stored neurons, those of all experts, copies included} */
    public int stored() {
      return Math.toIntExact(neurons.shape().getFirst());
    }
  }

  /**
   * Layout copied with input masks.
   *
   * @param router of the layer
   * @param blocks one for each expert
   */
  record Blocks(StoredTensor router, List<Block> blocks) implements StoredExperts {
    /** Copies the list of blocks. */
    public Blocks {
      blocks = List.copyOf(blocks);
    }
  }

  /**
   * An expert as a dense FFN of what it keeps.
   *
   * @param inputs which elements of x it reads, ascending
   * @param gate neurons x inputs
   * @param up neurons x inputs
   * @param down d x neurons
   */
  record Block(int[] inputs, StoredTensor gate, StoredTensor up, StoredTensor down) {}

  /**
   * Layout masked: the dense projections stand beside it.
   *
   * @param router of the layer
   * @param neurons E masks of intermediate_size
   * @param inputs E masks of d; empty when all inputs are read
   */
  record Masked(StoredTensor router, List<Mask> neurons, Optional<List<Mask>> inputs)
      implements StoredExperts {
    /** Copies the list of masks of neurons. */
    public Masked {
      neurons = List.copyOf(neurons);
    }
  }
}
