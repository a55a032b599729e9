package org.mixtureofmasks.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * A tensor as it lies in a mapped file.
 *
 * @param name the name in the file
 * @param dtype the encoding
 * @param shape row-major dimensions, outermost first (GGUF's are turned round on reading)
 * @param data the bytes, read-only, exactly as many as dtype and shape ask for; they live until the
 *     checkpoint closes
 * @param file the file that holds it
 * @param offset where in the file the bytes begin
 */
public record StoredTensor(
    String name, DType dtype, List<Long> shape, MemorySegment data, Path file, long offset) {

  /** Copies the shape. */
  public StoredTensor {
    shape = List.copyOf(shape);
  }

  /** {@return number of elements, the product of the dimensions} */
  public long elements() {
    long n = 1;
    for (long d : shape) {
      n = Math.multiplyExact(n, d);
    }
    return n;
  }
}
