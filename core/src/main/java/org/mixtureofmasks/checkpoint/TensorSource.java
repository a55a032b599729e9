package org.mixtureofmasks.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.io.Channels;

/**
 * A tensor about to be stored: what it is, and its bytes, written piece by piece when asked for.
 */
public interface TensorSource {
  /** {@return the encoding of the bytes} */
  DType dtype();

  /** {@return row-major dimensions, outermost first} */
  List<Long> shape();

  /**
   * Writes all bytes, little-endian, row-major; exactly as many as dtype and shape ask for.
   *
   * @param channel where to
   * @throws IOException if the channel or the source fails
   */
  void writeTo(WritableByteChannel channel) throws IOException;

  /** {@return bytes that {@link #writeTo} writes} */
  default long byteSize() {
    long n = 1;
    for (long d : shape()) {
      n = Math.multiplyExact(n, d);
    }
    return Math.multiplyExact(n / dtype().blockSize(), dtype().blockBytes());
  }

  /**
   * A tensor of F32 from an array.
   *
   * @param values row-major, not copied
   * @param shape dimensions, outermost first; their product is the number of values
   * @return the tensor
   */
  static TensorSource of(float[] values, long... shape) {
    return encoded(DType.F32, values.length, shape, (buffer, i) -> buffer.putFloat(values[i]));
  }

  /**
   * A tensor of BF16, rounded to the nearest from an array.
   *
   * @param values row-major, not copied
   * @param shape dimensions, outermost first; their product is the number of values
   * @return the tensor
   */
  static TensorSource ofBf16(float[] values, long... shape) {
    return encoded(
        DType.BF16, values.length, shape, (buffer, i) -> buffer.putShort(Elements.bf16(values[i])));
  }

  /**
   * A tensor of I32 from an array.
   *
   * @param values row-major, not copied
   * @param shape dimensions, outermost first; their product is the number of values
   * @return the tensor
   */
  static TensorSource ofInts(int[] values, long... shape) {
    return encoded(DType.I32, values.length, shape, (buffer, i) -> buffer.putInt(values[i]));
  }

  /**
   * A tensor of U8 from an array.
   *
   * @param values row-major, not copied
   * @param shape dimensions, outermost first; their product is the number of values
   * @return the tensor
   */
  static TensorSource ofBytes(byte[] values, long... shape) {
    return of(MemorySegment.ofArray(values), DType.U8, shape);
  }

  /**
   * Bytes as they are, in memory, mapped or native; read when written.
   *
   * @param bytes little-endian, row-major
   * @param dtype their encoding
   * @param shape dimensions, outermost first
   * @return the tensor
   */
  static TensorSource of(MemorySegment bytes, DType dtype, long... shape) {
    TensorSource source = new SegmentSource(dtype, boxed(shape), bytes);
    if (source.byteSize() != bytes.byteSize()) {
      throw new IllegalArgumentException(
          "%s %s does not fill %s bytes".formatted(dtype, source.shape(), bytes.byteSize()));
    }
    return source;
  }

  /**
   * A stored tensor as it is; its checkpoint must stay open until it is written.
   *
   * @param tensor of an open checkpoint
   * @return the same tensor, to be written elsewhere
   */
  static TensorSource of(StoredTensor tensor) {
    return new SegmentSource(tensor.dtype(), tensor.shape(), tensor.data());
  }

  /** Puts element i, encoded, into the buffer. */
  @FunctionalInterface
  interface Encoding {
    /**
     * Encodes one value at the buffer's position.
     *
     * @param buffer little-endian, with room for it
     * @param i which value, row-major from 0
     */
    void put(ByteBuffer buffer, int i);
  }

  private static TensorSource encoded(DType dtype, int count, long[] shape, Encoding encoding) {
    TensorSource source = new EncodedSource(dtype, boxed(shape), count, encoding);
    if (source.byteSize() != (long) count * dtype.blockBytes()) {
      throw new IllegalArgumentException(
          "shape %s does not hold %s elements".formatted(source.shape(), count));
    }
    return source;
  }

  private static List<Long> boxed(long[] shape) {
    return Arrays.stream(shape).boxed().toList();
  }

  /**
   * Bytes that exist.
   *
   * @param dtype their encoding
   * @param shape dimensions, outermost first
   * @param bytes little-endian, row-major
   */
  record SegmentSource(DType dtype, List<Long> shape, MemorySegment bytes) implements TensorSource {
    private static final int PIECE = 1 << 20;

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      // Through a buffer on the heap: channels take no buffers of shared arenas.
      ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, bytes.byteSize()));
      for (long at = 0; at < bytes.byteSize(); at += piece.limit()) {
        piece.clear().limit((int) Math.min(piece.capacity(), bytes.byteSize() - at));
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, piece.array(), 0, piece.limit());
        Channels.writeFully(channel, piece);
      }
    }
  }

  /**
   * Numbers that are encoded on the way.
   *
   * @param dtype their encoding
   * @param shape dimensions, outermost first
   * @param count number of values
   * @param encoding encodes one of them
   */
  record EncodedSource(DType dtype, List<Long> shape, int count, Encoding encoding)
      implements TensorSource {
    private static final int PIECE = 1 << 16;

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      ByteBuffer piece =
          ByteBuffer.allocate(Math.min(PIECE, count) * dtype.blockBytes())
              .order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; ) {
        piece.clear();
        int until = Math.min(count, i + PIECE);
        for (; i < until; i++) {
          encoding.put(piece, i);
        }
        Channels.writeFully(channel, piece.flip());
      }
    }
  }
}
