package org.mixtureofmasks.format;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.Nearest;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * The tensors of a model by name; whoever asks for one says what shape it must have.
 *
 * @param path of the model or file, named in errors
 * @param tensors by name
 */
public record NamedTensors(Path path, Map<String, StoredTensor> tensors) {
  /**
   * The tensor of that name.
   *
   * @param name that it is stored under
   * @param shape outermost dimension first
   * @return the tensor, of exactly that shape
   * @throws BadCheckpoint if there is none or its shape is another
   */
  public StoredTensor get(String name, long... shape) {
    StoredTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new BadCheckpoint(
          path, -1, "has no tensor '%s'%s".formatted(name, Nearest.hint(name, tensors.keySet())));
    }
    List<Long> expected = Arrays.stream(shape).boxed().toList();
    if (!tensor.shape().equals(expected)) {
      throw new BadCheckpoint(
          tensor.file(),
          tensor.offset(),
          "tensor '%s' has shape %s; by its config it should be %s"
              .formatted(name, tensor.shape(), expected));
    }
    return tensor;
  }

  /**
   * A tensor that may be missing.
   *
   * @param name that it is stored under
   * @param shape outermost dimension first
   * @return the tensor, of exactly that shape; empty if there is none
   * @throws BadCheckpoint if its shape is another
   */
  public Optional<StoredTensor> find(String name, long... shape) {
    return tensors.containsKey(name) ? Optional.of(get(name, shape)) : Optional.empty();
  }

  /**
   * The first dimension that a tensor has, for {@link #get} when any will do; 0 if it is not there.
   *
   * @param name that it is stored under
   * @return the length; 0 also for a tensor without dimensions
   */
  public long anyLength(String name) {
    StoredTensor tensor = tensors.get(name);
    return tensor == null || tensor.shape().isEmpty() ? 0 : tensor.shape().getFirst();
  }
}
