package org.mixtureofmasks.kernel;

/** Neurons that an expert holds, listed once for all passes. Immutable. */
public final class NeuronList {
  final int[] neurons;
  final NeuronSet held;

  /**
   * @param neurons ascending; not to be changed any more
   */
  public NeuronList(int[] neurons) {
    this.neurons = neurons;
    held = NeuronSet.of(neurons, neurons.length);
  }

  /** Writes them to the front of an array. */
  public void copyTo(int[] list) {
    System.arraycopy(neurons, 0, list, 0, neurons.length);
  }
}
