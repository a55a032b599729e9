package org.mixtureofmasks.analyse;

import org.mixtureofmasks.model.LayerObserver;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.Workspace;

/**
 * How far each layer's output is from the dense model's, on the inputs that the layer really has.
 */
final class OutputError implements LayerObserver {
  private final Model dense;
  private final Workspace memory;
  private final int hidden;
  private final double[] difference; // by layer: Σ |y - y_dense|²
  private final double[] size; // Σ |y_dense|²
  private float[] expected = new float[0];

  /**
   * @param dense the reference, of the sparse model's shape
   */
  OutputError(Model dense) {
    this.dense = dense;
    memory = dense.newWorkspace(128);
    hidden = dense.config().hiddenSize();
    difference = new double[dense.config().layers()];
    size = new double[dense.config().layers()];
  }

  @Override
  public void computed(int layer, int tokens, float[] inputs, float[] outputs) {
    int n = tokens * hidden;
    if (expected.length < n) {
      expected = new float[n];
    }
    dense.feedForward(memory, layer, tokens, inputs, expected);
    for (int i = 0; i < n; i++) {
      double off = outputs[i] - expected[i];
      difference[layer] += off * off;
      size[layer] += (double) expected[i] * expected[i];
    }
  }

  /** E|y - y_dense|² / E|y_dense|² of a layer; 0 is the same, 1 as far off as giving nothing. */
  double relative(int layer) {
    return difference[layer] / size[layer];
  }
}
