package org.mixtureofmasks.checkpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * Quantised weights as compressed-tensors stores them (its formats int-quantized and
 * pack-quantized, symmetric): a weight NAME is NAME in I8 and its scales NAME_scale, or NAME_packed
 * in I32, eight 4-bit values plus 8 to a word, NAME_scale and NAME_shape. Here each becomes one
 * tensor NAME, of {@link DType#INT8} or {@link DType#INT4} with its scales.
 */
final class ScaledTensors {
  private static final String SCALE = "_scale";
  private static final String PACKED = "_packed";
  private static final String SHAPE = "_shape";

  private final Map<String, StoredTensor> stored;
  private final Map<String, StoredTensor> joined;

  private ScaledTensors(Map<String, StoredTensor> stored) {
    this.stored = stored;
    this.joined = new LinkedHashMap<>(stored);
  }

  /**
   * Joins what belongs together; all other tensors stay as they are.
   *
   * @throws BadCheckpoint naming the tensor whose parts do not fit
   */
  static Map<String, StoredTensor> join(Map<String, StoredTensor> stored) {
    ScaledTensors tensors = new ScaledTensors(stored);
    for (StoredTensor scales : stored.values()) {
      if (scales.name().endsWith(SCALE)) {
        tensors.join(scales);
      }
    }
    return tensors.joined;
  }

  private void join(StoredTensor scales) {
    String name = scales.name().substring(0, scales.name().length() - SCALE.length());
    boolean four = stored.containsKey(name + PACKED);
    StoredTensor weights = stored.get(four ? name + PACKED : name);
    if (weights == null) {
      return; // whoever reads the model refuses what it does not know
    }
    DType type = four ? DType.INT4 : DType.INT8;
    DType expected = four ? DType.I32 : DType.I8;
    if (weights.dtype() != expected) {
      throw bad(weights, "holds %s, expected is %s".formatted(weights.dtype(), expected));
    }
    List<Long> shape = new ArrayList<>(weights.shape());
    if (shape.size() < 2) {
      throw bad(weights, "has shape %s: a matrix is expected".formatted(shape));
    }
    if (type == DType.INT4) {
      shape.add(Math.multiplyExact(shape.removeLast(), (long) DType.INT4.blockSize()));
      checkShape(name, shape);
    }
    checkScales(scales, shape);
    joined.keySet().removeAll(List.of(name + SCALE, name + PACKED, name + SHAPE));
    Path file = weights.file();
    joined.put(
        name,
        new StoredTensor(
            name, type, shape, weights.data(), file, weights.offset(), Optional.of(scales)));
  }

  private void checkShape(String name, List<Long> shape) {
    StoredTensor stated = stored.get(name + SHAPE);
    if (stated == null) {
      return;
    }
    int[] dimensions = Elements.toInts(stated);
    boolean same = dimensions.length == shape.size();
    for (int i = 0; same && i < dimensions.length; i++) {
      same = dimensions[i] == shape.get(i);
    }
    if (!same) {
      throw bad(
          stated,
          "does not say %s, the shape of what is packed; rows of a broken word are not read"
              .formatted(shape));
    }
  }

  private static void checkScales(StoredTensor scales, List<Long> shape) {
    boolean floats =
        switch (scales.dtype()) {
          case F32, F16, BF16 -> true;
          default -> false;
        };
    if (!floats) {
      throw bad(scales, "holds %s, expected is F32, F16 or BF16".formatted(scales.dtype()));
    }
    int last = shape.size() - 1;
    boolean fits =
        scales.shape().size() == shape.size()
            && scales.shape().subList(0, last).equals(shape.subList(0, last))
            && scales.shape().getLast() > 0
            && shape.getLast() % scales.shape().getLast() == 0;
    if (!fits) {
      throw bad(
          scales,
          "has shape %s, which does not divide the rows of %s".formatted(scales.shape(), shape));
    }
  }

  private static BadCheckpoint bad(StoredTensor tensor, String reason) {
    return new BadCheckpoint(
        tensor.file(), tensor.offset(), "tensor '%s' %s".formatted(tensor.name(), reason));
  }
}
