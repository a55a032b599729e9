package org.mixtureofmasks.model;

import java.util.function.Function;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.kernel.Bf16;
import org.mixtureofmasks.kernel.F16;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Int8;
import org.mixtureofmasks.kernel.Q4;

/** What formats the matrices of a checkpoint are kept in. */
final class WeightFormats {
  private WeightFormats() {}

  /** By the type that a matrix is stored as. */
  static Function<DType, Format> of(Model.WeightType wanted) {
    return switch (wanted) {
      // Quantised types become bf16: half the memory to read for each token; whoever wants them
      // exactly asks for F32.
      case AUTO ->
          stored ->
              switch (stored) {
                case F32, F64 -> F32.FORMAT;
                case F16 -> F16.FORMAT;
                case INT8 -> Int8.FORMAT;
                case INT4 -> Q4.FORMAT;
                default -> Bf16.FORMAT;
              };
      case F32 -> stored -> F32.FORMAT;
      case BF16 -> stored -> Bf16.FORMAT;
      case INT8 -> stored -> Int8.FORMAT;
      case Q4 -> stored -> Q4.FORMAT;
    };
  }
}
