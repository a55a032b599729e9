package org.mixtureofmasks.kernel;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A SwiGLU FFN of which a token reads only the neurons that a preview of its largest inputs says
 * are large; d is hidden_size, m intermediate_size. With c the inputs' centres, v = x - c, S = {i :
 * |v_i| > t_x}, W = {i in S: |v_i| > t_w} and h and l the preview's upper and lower bits of 4,
 *
 * <p>g̃_j = b_j + Σ_{i in W} v_i s_i^g (4 h_ij + l_ij - 7.5) + Σ_{i in S \ W} v_i s_i^g 3.54 (h_ij
 * - 1.5), ũ_j likewise of columns m + j with s_i^u, and then y = Σ_j SiLU(g_j·x) (u_j·x) d_j over
 * the neurons j with |SiLU(g̃_j) ũ_j| > t_c, exactly, of x whole, plus Σ_j SiLU(g̃_j) ũ_j s_d (r_j
 * - 1.5) over the others, with r_j the two bits of their down columns' directions.
 *
 * <p>v_i s_i are rounded to 127ths of the largest of W, and of S \ W; scores of the others to
 * 127ths of t_c.
 *
 * @param records 3m x d: gate row, up row and down column of each neuron
 * @param preview 2d x 2m: row i is what the upper bits of input i add to the gates of all neurons,
 *     then to their ups, but for its scales; row d + i what the lower bits add
 * @param scales d x 2: s_i^g, s_i^u
 * @param centres d: c
 * @param base 2m: b, what the centres add to the gates, then to the ups
 * @param directions m x d: r
 * @param directionStep s_d
 * @param inputThreshold t_x; below 0 the preview is of all inputs
 * @param wholeThreshold t_w; below 0 all bits are read of those
 * @param neuronThreshold t_c; below 0 all neurons are read
 * @param outputScales d factors of the outputs, if down columns were divided by them
 */
public record PreviewFfn(
    Matrix records,
    Matrix preview,
    float[] scales,
    float[] centres,
    float[] base,
    Matrix directions,
    float directionStep,
    float inputThreshold,
    float wholeThreshold,
    float neuronThreshold,
    float @Nullable [] outputScales)
    implements ThresholdFfn {
  @Override
  public long bytes() {
    long floats = (long) scales.length + centres.length + base.length;
    return records.bytes() + preview.bytes() + directions.bytes() + floats * Float.BYTES;
  }

  @Override
  public long weightBytes() {
    return records.bytes();
  }

  @Override
  public Stream<Matrix> matrices() {
    return Stream.of(records); // the rest is none of the model's weights
  }

  @Override
  public double bytesRead(double inputs, double neurons) {
    return neurons * ThresholdFfn.lines(recordBytes());
  }

  @Override
  public double choiceBytes(double inputs, double neurons) {
    long row = preview.format().rowBytes(preview.columns());
    double direction = ThresholdFfn.lines(directions.format().rowBytes(directions.columns()));
    double ofOthers = Math.min((double) directions.bytes(), (neurons() - neurons) * direction);
    long floats = (long) scales.length + centres.length + base.length + 1; // and t_w
    return inputs * 2 * ThresholdFfn.lines(row) + ofOthers + floats * Float.BYTES;
  }

  /** What a score of 1 of the neurons that are foreseen stands for: they are below t_c. */
  float scoreUnit() {
    return neuronThreshold / PreviewFactors.MOST;
  }

  /** A score at or below t_c as a whole number of units. */
  float inUnits(float score) {
    int most = PreviewFactors.MOST;
    return Math.clamp(Math.round(score / scoreUnit()), -most, most);
  }

  /** Bytes of a neuron's record. */
  long recordBytes() {
    return 3 * records.format().rowBytes(records.columns());
  }

  /** hidden_size. */
  int inputs() {
    return centres.length;
  }

  /** intermediate_size. */
  int neurons() {
    return records.rows() / 3;
  }
}
