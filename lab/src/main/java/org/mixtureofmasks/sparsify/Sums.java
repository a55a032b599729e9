package org.mixtureofmasks.sparsify;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * Statistics that add up: over the passes of one machine, and tensor by tensor over machines that
 * saw other tokens. What is made of them is the same wherever the tokens were counted, up to the
 * order of summation. Tensors are named, begin at 0, and are added to in place; they live as long
 * as the PointerScope that they were declared in.
 */
public final class Sums {
  private final SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();

  /**
   * Declares a sum.
   *
   * @param type Float or Double for measures, Long for counts that fp32 cannot hold
   * @return the tensor itself, to be added to
   */
  public Tensor declare(String name, torch.ScalarType type, long... shape) {
    Tensor zeros = torch.zeros(shape, new TensorOptions(type));
    if (tensors.put(name, zeros) != null) {
      throw new IllegalArgumentException("two sums named %s".formatted(name));
    }
    return zeros;
  }

  /** Declares a sum of single numbers, in double precision. */
  public void declareNumber(String name) {
    declare(name, torch.ScalarType.Double);
  }

  /**
   * @throws IllegalArgumentException if it was not declared
   */
  public Tensor get(String name) {
    Tensor t = tensors.get(name);
    if (t == null) {
      throw new IllegalArgumentException("no sum named %s".formatted(name));
    }
    return t;
  }

  /** The value of a sum of single numbers. */
  public double number(String name) {
    return get(name).item_double();
  }

  /** Adds to a sum of single numbers. */
  public void add(String name, double more) {
    get(name).add_(new Scalar(more));
  }

  /**
   * Adds what other tokens gave.
   *
   * @param other of the same names and shapes
   */
  public void add(Sums other) {
    other.tensors.forEach((name, more) -> get(name).add_(more));
  }

  /** Sets every sum back to 0. */
  public void reset() {
    tensors.values().forEach(Tensor::zero_);
  }

  /** All sums by name, in the order of their declaration; the tensors themselves. */
  public Map<String, Tensor> tensors() {
    return java.util.Collections.unmodifiableSequencedMap(tensors);
  }
}
