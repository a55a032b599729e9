package org.mixtureofmasks.kernel;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A SwiGLU FFN of which a token reads only the inputs and the neurons that are large: x̂ = x ⊙ [|x|
 * > t_x], a = SiLU(x̂ W_g) ⊙ (x̂ W_u), y = (a ⊙ [|a| > t_a]) W_d; d is hidden_size, m
 * intermediate_size.
 *
 * @param byInput d x 2m: row i is what input i adds to the gates of all neurons, then to their ups
 * @param byNeuron m x d: row j is what neuron j adds to the outputs
 * @param inputThreshold t_x; below 0 all inputs are read
 * @param neuronThreshold t_a; below 0 all neurons are read
 * @param gateUpScales 2m factors of gates and ups, if byInput's columns were divided by them
 * @param outputScales d factors of the outputs, if byNeuron's columns were divided by them
 */
public record TokenMaskedFfn(
    Matrix byInput,
    Matrix byNeuron,
    float inputThreshold,
    float neuronThreshold,
    float @Nullable [] gateUpScales,
    float @Nullable [] outputScales)
    implements ThresholdFfn {
  @Override
  public long bytes() {
    return weightBytes();
  }

  @Override
  public long weightBytes() {
    return byInput.bytes() + byNeuron.bytes();
  }

  @Override
  public Stream<Matrix> matrices() {
    return Stream.of(byInput, byNeuron);
  }

  @Override
  public double bytesRead(double inputs, double neurons) {
    return inputs * lines(byInput) + neurons * lines(byNeuron);
  }

  @Override
  public double choiceBytes(double inputs, double neurons) {
    return 0; // what it reads are weights
  }

  private static double lines(Matrix w) {
    return ThresholdFfn.lines(w.format().rowBytes(w.columns()));
  }

  /** hidden_size. */
  int inputs() {
    return byInput.rows();
  }

  /** intermediate_size. */
  int neurons() {
    return byNeuron.rows();
  }
}
