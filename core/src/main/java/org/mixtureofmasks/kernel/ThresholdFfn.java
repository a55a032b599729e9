package org.mixtureofmasks.kernel;

import java.util.stream.Stream;

/** A SwiGLU FFN of which each token reads only what is above thresholds. */
public sealed interface ThresholdFfn permits TokenMaskedFfn, PreviewFfn {
  /** Bytes of all that it holds in memory. */
  long bytes();

  /** Bytes of its weights alone, which every neuron of a dense FFN would be read of. */
  long weightBytes();

  /** The matrices of its weights. */
  Stream<Matrix> matrices();

  /** Bytes that a token reads of the weights, whole cache lines. */
  double bytesRead(double inputs, double neurons);

  /**
   * Bytes that a token reads beside the weights, to choose neurons and for what others add, whole
   * cache lines; without its thresholds on inputs and neurons.
   *
   * @param inputs that it keeps; one of which a preview is read by half counts half
   * @param neurons that it keeps: of the others a preview's directions are read
   */
  double choiceBytes(double inputs, double neurons);

  /** Bytes of a row in whole cache lines. */
  static double lines(long bytes) {
    int line = 64;
    return (double) Math.ceilDiv(bytes, line) * line;
  }
}
