package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.SafetensorsFile;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.nn.Tensors;

/** libtorch's tensors in safetensors files, bit for bit. */
final class TensorFiles {
  private TensorFiles() {}

  static void write(Path file, Map<String, Tensor> tensors) {
    SequencedMap<String, TensorSource> sources = new LinkedHashMap<>();
    // Kept so that no contiguous copy is collected before it is written.
    Map<String, Tensor> contiguous = new LinkedHashMap<>();
    tensors.forEach((name, t) -> contiguous.put(name, t.detach().contiguous()));
    contiguous.forEach(
        (name, t) ->
            sources.put(
                name,
                TensorSource.of(
                    Tensors.bytes(t), dtype(t.scalar_type().intern()), Tensors.shape(t))));
    SafetensorsWriter.write(file, Map.of("format", "pt"), sources);
  }

  static Map<String, Tensor> read(Path file) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      for (StoredTensor t : stored.tensors().values()) {
        long[] shape = t.shape().stream().mapToLong(Long::longValue).toArray();
        tensors.put(t.name(), Tensors.of(t.data(), type(t.dtype()), shape));
      }
    }
    return tensors;
  }

  private static DType dtype(torch.ScalarType type) {
    return switch (type) {
      case Float -> DType.F32;
      case Double -> DType.F64;
      case BFloat16 -> DType.BF16;
      case Half -> DType.F16;
      case Long -> DType.I64;
      case Int -> DType.I32;
      case Byte -> DType.U8;
      case Bool -> DType.BOOL;
      default -> throw new IllegalArgumentException("no safetensors type for %s".formatted(type));
    };
  }

  private static torch.ScalarType type(DType dtype) {
    return switch (dtype) {
      case F32 -> torch.ScalarType.Float;
      case F64 -> torch.ScalarType.Double;
      case BF16 -> torch.ScalarType.BFloat16;
      case F16 -> torch.ScalarType.Half;
      case I64 -> torch.ScalarType.Long;
      case I32 -> torch.ScalarType.Int;
      case U8 -> torch.ScalarType.Byte;
      case BOOL -> torch.ScalarType.Bool;
      default -> throw new IllegalArgumentException("no libtorch type for %s".formatted(dtype));
    };
  }
}
