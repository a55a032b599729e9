package org.mixtureofmasks.model;

import java.util.Locale;
import org.mixtureofmasks.checkpoint.DType;

/** How weights are kept in memory. */
public enum WeightType {
  /** As they are stored, quantised ones too, and mapped; only F64 becomes f32. */
  AUTO,
  /** 32-bit floats: exact for every stored type, twice the memory of bf16. */
  F32,
  /** Brain floats, rounded to nearest even. */
  BF16,
  /** Signed bytes with a scale for each row: {@code kernel.Int8}. */
  INT8,
  /**
   * Four bits with a scale for each 32 weights, {@code kernel.Q4}, of which rows must be whole
   * blocks; the embedding and the output projection as {@link #INT8}.
   */
  Q4,
  /**
   * GGUF's blocks of 32 signed bytes with a scale, rounded to nearest on loading; matrices whose
   * rows are no whole blocks are BF16.
   */
  Q8_0,
  /** GGUF's blocks of 32 4-bit numbers with a scale; the rest as of {@link #Q8_0}. */
  Q4_0;

  /** {@return the name in options and reports, such as "q8_0"} */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * {@return whether weights are rounded to blocks on loading where their rows divide, only there}
   */
  public boolean isQuantised() {
    return this == Q8_0 || this == Q4_0;
  }

  /**
   * What a matrix is in memory.
   *
   * @param stored the type of its elements in the file
   * @param columns length of its rows
   * @return the type of its elements in memory
   */
  public DType kept(DType stored, long columns) {
    return switch (this) {
      case AUTO -> stored == DType.F64 ? DType.F32 : stored;
      case F32 -> DType.F32;
      case BF16 -> DType.BF16;
      case INT8 -> DType.INT8;
      case Q4 -> DType.INT4;
      case Q8_0 -> columns % DType.Q8_0.blockSize() == 0 ? DType.Q8_0 : DType.BF16;
      case Q4_0 -> columns % DType.Q4_0.blockSize() == 0 ? DType.Q4_0 : DType.BF16;
    };
  }
}
