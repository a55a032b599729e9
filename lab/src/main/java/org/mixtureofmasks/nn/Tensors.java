package org.mixtureofmasks.nn;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** The bridge between Java's arrays and segments and libtorch's tensors. Every call copies. */
public final class Tensors {
  private Tensors() {}

  /** A fp32 tensor of the given shape with a copy of the values, row-major. */
  public static Tensor of(float[] values, long... shape) {
    Tensor t = torch.empty(shape, new TensorOptions(torch.ScalarType.Float), null);
    checkCount(t, values.length);
    t.data_ptr_float().put(values);
    return t;
  }

  /** An int64 tensor of the given shape with a copy of the values, row-major. */
  public static Tensor of(long[] values, long... shape) {
    Tensor t = torch.empty(shape, new TensorOptions(torch.ScalarType.Long), null);
    checkCount(t, values.length);
    t.data_ptr_long().put(values);
    return t;
  }

  /** Rows of token ids of one length as an int64 tensor, rows x length. */
  public static Tensor of(long[][] rows) {
    int length = rows[0].length;
    long[] flat = new long[Math.multiplyExact(rows.length, length)];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * length, length);
    }
    return of(flat, rows.length, length);
  }

  /** The values of a tensor of any floating type, row-major, as fp32. */
  public static float[] toFloats(Tensor tensor) {
    try (Tensor flat = tensor.detach().to(torch.ScalarType.Float).contiguous()) {
      float[] values = new float[Math.toIntExact(flat.numel())];
      flat.data_ptr_float().get(values);
      return values;
    }
  }

  /** The values of an int64 tensor, row-major. */
  public static long[] toLongs(Tensor tensor) {
    try (Tensor flat = tensor.detach().contiguous()) {
      long[] values = new long[Math.toIntExact(flat.numel())];
      flat.data_ptr_long().get(values);
      return values;
    }
  }

  /**
   * The bytes of a contiguous tensor where libtorch keeps them; valid while the tensor lives.
   *
   * @throws IllegalArgumentException if the tensor is a strided view
   */
  @SuppressWarnings("restricted") // the length is the tensor's own
  public static MemorySegment bytes(Tensor tensor) {
    if (!tensor.is_contiguous()) {
      throw new IllegalArgumentException(
          "not contiguous: %s".formatted(Arrays.toString(shape(tensor))));
    }
    return MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
  }

  /** A tensor of a type and shape with a copy of these little-endian bytes. */
  public static Tensor of(MemorySegment bytes, torch.ScalarType type, long... shape) {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new IllegalStateException("model files are little-endian; this machine is not");
    }
    Tensor t = torch.empty(shape, new TensorOptions(type), null);
    MemorySegment.copy(bytes, 0, bytes(t), 0, t.nbytes());
    return t;
  }

  /** The shape, outermost dimension first. */
  public static long[] shape(Tensor tensor) {
    long[] shape = new long[Math.toIntExact(tensor.dim())];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = tensor.size(i);
    }
    return shape;
  }

  private static void checkCount(Tensor t, int values) {
    if (t.numel() != values) {
      throw new IllegalArgumentException(
          "%s values for a shape of %s".formatted(values, t.numel()));
    }
  }

  /** The same as {@link #only}, without gradients. */
  public static Tensor alone(Supplier<Tensor> maker) {
    return only(
        () -> {
          try (NoGradGuard _ = new NoGradGuard()) {
            return maker.get();
          }
        });
  }

  /**
   * What the maker makes; all else that it makes on the way is freed at once and not when the scope
   * ends, but for what a graph of gradients holds.
   */
  public static Tensor only(Supplier<Tensor> maker) {
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope _ = new PointerScope()) {
      Tensor made = maker.get();
      if (outer == null) {
        made.retainReference();
      } else {
        outer.attach(made);
      }
      return made;
    }
  }
}
