package org.mixtureofmasks.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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
 * @param scales of {@link DType#INT8} and {@link DType#INT4}, which keep them apart: floats of the
 *     same shape but for the last dimension, each the factor of as many neighbours in a row
 */
public record StoredTensor(
    String name,
    DType dtype,
    List<Long> shape,
    MemorySegment data,
    Path file,
    long offset,
    Optional<StoredTensor> scales) {

  /** Copies the shape. */
  public StoredTensor {
    shape = List.copyOf(shape);
  }

  /**
   * A tensor that has no scales, or among its data.
   *
   * @param name the name in the file
   * @param dtype the encoding
   * @param shape row-major dimensions, outermost first
   * @param data the bytes
   * @param file the file that holds it
   * @param offset where in the file the bytes begin
   */
  public StoredTensor(
      String name, DType dtype, List<Long> shape, MemorySegment data, Path file, long offset) {
    this(name, dtype, shape, data, file, offset, Optional.empty());
  }

  /** {@return number of elements, the product of the dimensions} */
  public long elements() {
    long n = 1;
    for (long d : shape) {
      n = Math.multiplyExact(n, d);
    }
    return n;
  }

  /** {@return bytes of its data, and of its scales where they are apart} */
  public long bytes() {
    return data.byteSize() + scales.map(StoredTensor::bytes).orElse(0L);
  }
}
