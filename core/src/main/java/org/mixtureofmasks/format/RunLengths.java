package org.mixtureofmasks.format;

import java.util.Optional;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;

/**
 * How a folder's experts lie in memory, in the layouts of neuron records, and what it would take to
 * copy each expert's neurons side by side (docs/decisions/layouts.md).
 *
 * @param meanRun neurons of a run, mean over all runs of all experts
 * @param recordBytes of a neuron: gate row, up row and down column
 * @param storedBytes of all neurons as they are stored
 * @param copiedBytes of each expert's own copies
 */
public record RunLengths(double meanRun, double recordBytes, long storedBytes, long copiedBytes) {
  /**
   * Those of a model folder.
   *
   * @param checkpoint its lists of runs are read
   * @param config its configuration
   * @return empty for a dense one and for other layouts
   */
  public static Optional<RunLengths> of(Checkpoint checkpoint, ModelConfig config) {
    if (config.mixtureOfMasks().isEmpty()) {
      return Optional.empty();
    }
    long runs = 0;
    long held = 0;
    long stored = 0;
    long bytes = 0;
    for (int l = 0; l < config.layers(); l++) {
      StoredTensor neurons = checkpoint.tensors().get(SparseNames.ffn(l) + SparseNames.NEURONS);
      StoredTensor lists = checkpoint.tensors().get(SparseNames.ffn(l) + SparseNames.RUNS);
      if (neurons == null || lists == null) {
        return Optional.empty();
      }
      int[] pairs = Elements.toInts(lists);
      for (int r = 1; r < pairs.length; r += 2) {
        held += pairs[r];
        runs++;
      }
      stored += neurons.shape().getFirst();
      bytes += neurons.bytes();
    }
    if (runs == 0 || stored == 0) {
      return Optional.empty();
    }
    double record = (double) bytes / stored;
    return Optional.of(
        new RunLengths((double) held / runs, record, bytes, Math.round(record * held)));
  }
}
