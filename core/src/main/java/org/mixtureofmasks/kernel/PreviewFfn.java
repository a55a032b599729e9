package org.mixtureofmasks.kernel;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A SwiGLU FFN of which a token reads only the neurons that a preview of its largest inputs says
 * are large; d is hidden_size, m intermediate_size. With S = {i : |x_i| > t_x} and p the preview,
 * g̃_j = Σ_{i in S} x_i s_i^g (p_ij - 7.5) and ũ_j = Σ_{i in S} x_i s_i^u (p_i,m+j - 7.5), and then
 * y = Σ_j SiLU(g_j·x) (u_j·x) d_j over the neurons j with |SiLU(g̃_j) ũ_j| > t_c, exactly, of x
 * whole.
 *
 * @param records 3m x d: gate row, up row and down column of each neuron
 * @param preview d x 2m: row i is what input i adds to the gates of all neurons, then to their ups,
 *     but for its scales
 * @param scales d x 2: s_i^g, s_i^u
 * @param inputThreshold t_x; below 0 the preview is of all inputs
 * @param neuronThreshold t_c; below 0 all neurons are read
 * @param outputScales d factors of the outputs, if down columns were divided by them
 */
public record PreviewFfn(
    Matrix records,
    Matrix preview,
    float[] scales,
    float inputThreshold,
    float neuronThreshold,
    float @Nullable [] outputScales)
    implements ThresholdFfn {
  @Override
  public long bytes() {
    return records.bytes() + preview.bytes() + (long) scales.length * Float.BYTES;
  }

  @Override
  public long weightBytes() {
    return records.bytes();
  }

  @Override
  public Stream<Matrix> matrices() {
    return Stream.of(records); // a preview is none of the model's weights
  }

  @Override
  public double bytesRead(double inputs, double neurons) {
    return neurons * ThresholdFfn.lines(recordBytes());
  }

  @Override
  public double choiceBytes(double inputs) {
    long row = preview.format().rowBytes(preview.columns());
    return inputs * (ThresholdFfn.lines(row) + 2 * Float.BYTES);
  }

  /** Bytes of a neuron's record. */
  long recordBytes() {
    return 3 * records.format().rowBytes(records.columns());
  }

  /** hidden_size. */
  int inputs() {
    return preview.rows();
  }

  /** intermediate_size. */
  int neurons() {
    return records.rows() / 3;
  }
}
