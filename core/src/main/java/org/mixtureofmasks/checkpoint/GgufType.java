package org.mixtureofmasks.checkpoint;

import java.util.Map;

/** The numbers by which GGUF names types of metadata values and of tensors. */
final class GgufType {
  static final int U8 = 0;
  static final int I8 = 1;
  static final int U16 = 2;
  static final int I16 = 3;
  static final int U32 = 4;
  static final int I32 = 5;
  static final int F32 = 6;
  static final int BOOL = 7;
  static final int STRING = 8;
  static final int ARRAY = 9;
  static final int U64 = 10;
  static final int I64 = 11;
  static final int F64 = 12;

  /** Tensor types that are read, by ggml's number. */
  static final Map<Integer, DType> TENSOR_TYPES =
      Map.ofEntries(
          Map.entry(0, DType.F32),
          Map.entry(1, DType.F16),
          Map.entry(2, DType.Q4_0),
          Map.entry(3, DType.Q4_1),
          Map.entry(6, DType.Q5_0),
          Map.entry(7, DType.Q5_1),
          Map.entry(8, DType.Q8_0),
          Map.entry(10, DType.Q2_K),
          Map.entry(11, DType.Q3_K),
          Map.entry(12, DType.Q4_K),
          Map.entry(13, DType.Q5_K),
          Map.entry(14, DType.Q6_K),
          Map.entry(20, DType.IQ4_NL),
          Map.entry(23, DType.IQ4_XS),
          Map.entry(30, DType.BF16));

  /** Names of ggml's other types, for messages; gaps are types that ggml has dropped. */
  private static final String[] NAMES = {
    "F32", "F16", "Q4_0", "Q4_1", "", "", "Q5_0", "Q5_1", "Q8_0", "Q8_1", "Q2_K", "Q3_K", "Q4_K",
    "Q5_K", "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S",
    "IQ4_XS", "I8", "I16", "I32", "I64", "F64", "IQ1_M", "BF16", "", "", "", "TQ1_0", "TQ2_0", "",
    "", "", "MXFP4"
  };

  private GgufType() {}

  static String tensorTypeName(int type) {
    boolean named = type >= 0 && type < NAMES.length && !NAMES[type].isEmpty();
    return named ? NAMES[type] : "number " + Integer.toUnsignedString(type);
  }

  /** Bytes of a value of fixed size; 0 for strings, arrays and unknown types. */
  static int fixedBytes(int type) {
    return switch (type) {
      case U8, I8, BOOL -> 1;
      case U16, I16 -> 2;
      case U32, I32, F32 -> 4;
      case U64, I64, F64 -> 8;
      default -> 0;
    };
  }

  /** The fewest bytes that a value can take; refuses unknown types. */
  static int leastBytes(Cursor in, int type) {
    return switch (type) {
      case STRING -> 8;
      case ARRAY -> 12;
      default -> {
        int size = fixedBytes(type);
        if (size == 0) {
          throw in.bad("an array has elements of the unknown type %s".formatted(type));
        }
        yield size;
      }
    };
  }
}
