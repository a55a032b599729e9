package org.mixtureofmasks.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.mixtureofmasks.io.BadCheckpoint;

/** The tensor descriptions of a GGUF file and the places they name. */
final class GgufTensors {
  /** A name's length, no dimension, a type, an offset. */
  static final int LEAST_BYTES = 24;

  private static final int NAME_LIMIT = 1024;
  private static final int DIMENSION_LIMIT = 4; // ggml's

  private final Path file;
  private final MemorySegment all;
  private final Cursor in;

  private record Entry(String name, DType dtype, List<Long> shape, long begin, long bytes) {}

  GgufTensors(Path file, MemorySegment all, Cursor in) {
    this.file = file;
    this.all = all;
    this.in = in;
  }

  /** Reads the descriptions at the cursor; tensors in the order of their bytes. */
  Map<String, StoredTensor> read(long count, int alignment) {
    if (count > SafetensorsHeader.TENSOR_LIMIT) {
      throw in.bad(
          "claims %s tensors; at most %s are read"
              .formatted(count, SafetensorsHeader.TENSOR_LIMIT));
    }
    List<Entry> entries = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (long i = 0; i < count; i++) {
      Entry entry = entry(alignment);
      if (!names.add(entry.name)) {
        throw in.bad("tensor '%s' occurs twice".formatted(SafetensorsHeader.shown(entry.name)));
      }
      entries.add(entry);
    }
    return place(entries, alignment);
  }

  private Entry entry(int alignment) {
    String name = in.string(NAME_LIMIT, "the name of a tensor");
    String what = "tensor '" + SafetensorsHeader.shown(name) + "'";
    int dimensions = in.i32(what);
    if (dimensions < 0 || dimensions > DIMENSION_LIMIT) {
      throw in.bad(
          "%s claims %s dimensions; at most %s are allowed"
              .formatted(what, Integer.toUnsignedString(dimensions), DIMENSION_LIMIT));
    }
    List<Long> shape = new ArrayList<>(dimensions);
    for (int i = 0; i < dimensions; i++) {
      shape.addFirst(in.i64(what)); // ggml writes the innermost dimension first
    }
    int type = in.i32(what);
    DType dtype = GgufType.TENSOR_TYPES.get(type);
    if (dtype == null) {
      throw in.bad(
          "%s has type %s; supported are %s; convert with llama-quantize --allow-requantize IN OUT Q8_0"
              .formatted(what, GgufType.tensorTypeName(type), supported()));
    }
    long bytes = byteSize(what, dtype, shape);
    long offset = in.i64(what);
    if (offset < 0 || offset % alignment != 0) {
      throw in.bad(
          "%s begins at %s, not a multiple of the alignment %s"
              .formatted(what, Long.toUnsignedString(offset), alignment));
    }
    return new Entry(name, dtype, shape, offset, bytes);
  }

  /** The types that are read, plain ones first. */
  private static String supported() {
    return GgufType.TENSOR_TYPES.values().stream()
        .sorted()
        .map(DType::name)
        .collect(Collectors.joining(", "));
  }

  private long byteSize(String what, DType dtype, List<Long> shape) {
    long row = shape.isEmpty() ? 1 : shape.getLast();
    if (row % dtype.blockSize() != 0) {
      throw in.bad(
          "%s: rows of %s do not divide into blocks of %d, as %s has them"
              .formatted(what, row, dtype.blockSize(), dtype));
    }
    try {
      long elements = 1;
      for (long d : shape) {
        if (d < 0) {
          throw in.bad("%s has the dimension %s".formatted(what, Long.toUnsignedString(d)));
        }
        elements = Math.multiplyExact(elements, d);
      }
      return Math.multiplyExact(elements / dtype.blockSize(), dtype.blockBytes());
    } catch (ArithmeticException e) {
      throw in.bad("%s: the size of shape %s overflows".formatted(what, shape));
    }
  }

  /** Sorted by place, tensors must follow one another with no more between them than padding. */
  private Map<String, StoredTensor> place(List<Entry> entries, int alignment) {
    // Files have at most 2^63 - 1 bytes and alignments at most 2^20, so these sums cannot wrap
    // before a comparison with the file's size has stopped them.
    long size = all.byteSize();
    long dataStart = pad(in.position(), alignment);
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::bytes));
    Map<String, StoredTensor> tensors = LinkedHashMap.newLinkedHashMap(entries.size());
    long end = 0;
    for (Entry e : entries) {
      String what = "tensor '" + SafetensorsHeader.shown(e.name) + "'";
      if (e.begin != pad(end, alignment)) {
        throw new BadCheckpoint(
            file,
            dataStart + end,
            what
                + (e.begin < end ? " overlaps the one before: " : " leaves a hole before it: ")
                + "it begins at byte "
                + e.begin
                + " of the data");
      }
      if (dataStart > size || e.begin > size - dataStart || e.bytes > size - dataStart - e.begin) {
        throw new BadCheckpoint(
            file,
            size,
            "is truncated: %s needs %s bytes from byte %s, the file has %s; fetch it again"
                .formatted(what, e.bytes, dataStart + e.begin, size));
      }
      MemorySegment data = all.asSlice(dataStart + e.begin, e.bytes);
      tensors.put(
          e.name, new StoredTensor(e.name, e.dtype, e.shape, data, file, dataStart + e.begin));
      end = e.begin + e.bytes;
    }
    // What follows the last tensor is padding, as much of it as a writer likes.
    return tensors;
  }

  private static long pad(long position, int alignment) {
    return position + alignment - 1 & -alignment;
  }
}
