package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.StrictJson;

/**
 * The header of a safetensors file, read entry by entry so that memory stays in proportion to the
 * header, and held to every rule of the format.
 */
record SafetensorsHeader(Map<String, String> metadata, Map<String, StoredTensor> tensors) {
  /** About three times the tensors of the largest mixtures of experts, which come in shards. */
  static final int TENSOR_LIMIT = 1 << 18;

  private static final int DIMENSION_LIMIT = 16;

  /** A million tiny strings would cost many times the bytes that describe them. */
  private static final int METADATA_LIMIT = 1 << 16;

  private static final long METADATA_TEXT_LIMIT = 16L << 20;
  private static final String METADATA = "__metadata__";

  /** The types that both this library and the format know; block formats are GGUF's alone. */
  static final Set<DType> DTYPES =
      Collections.unmodifiableSet(EnumSet.range(DType.F64, DType.BOOL));

  static SafetensorsHeader parse(Path file, MemorySegment all, long dataStart) {
    return StrictJson.read(
        file,
        8,
        all.asSlice(8, dataStart - 8),
        (parser, at) -> new Reader(file, all, dataStart, parser, at).read());
  }

  /** One tensor's entry before its place is checked against its neighbours'. */
  private record Entry(String name, DType dtype, List<Long> shape, long begin, long end) {}

  private static final class Reader {
    private final Path file;
    private final MemorySegment all;
    private final long dataStart;
    private final JsonParser parser;
    private final LongSupplier at;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<Entry> entries = new ArrayList<>();

    Reader(Path file, MemorySegment all, long dataStart, JsonParser parser, LongSupplier at) {
      this.file = file;
      this.all = all;
      this.dataStart = dataStart;
      this.parser = parser;
      this.at = at;
    }

    SafetensorsHeader read() throws IOException {
      expect(parser.nextToken(), JsonToken.START_OBJECT, "the header must be an object");
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        if (name.equals(METADATA)) {
          readMetadata();
        } else if (entries.size() == TENSOR_LIMIT) {
          throw bad("has more than %s tensors; store it as shards".formatted(TENSOR_LIMIT));
        } else {
          entries.add(readEntry(name));
        }
      }
      return new SafetensorsHeader(Collections.unmodifiableMap(metadata), place());
    }

    private void readMetadata() throws IOException {
      expect(parser.nextToken(), JsonToken.START_OBJECT, METADATA + " must map strings to strings");
      long text = 0;
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        expect(
            parser.nextToken(),
            JsonToken.VALUE_STRING,
            METADATA + "." + shown(key) + " must be a string");
        text += key.length() + parser.getTextLength();
        if (metadata.size() == METADATA_LIMIT || text > METADATA_TEXT_LIMIT) {
          throw bad(
              "%s has more than %s strings or %s characters"
                  .formatted(METADATA, METADATA_LIMIT, METADATA_TEXT_LIMIT));
        }
        metadata.put(key, parser.getText());
      }
    }

    private Entry readEntry(String name) throws IOException {
      String what = "tensor '" + shown(name) + "'";
      expect(parser.nextToken(), JsonToken.START_OBJECT, what + " must be described by an object");
      DType dtype = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String member = parser.currentName();
        parser.nextToken();
        switch (member) {
          case "dtype" -> dtype = dtype(what);
          case "shape" -> shape = naturals(what + ": shape", DIMENSION_LIMIT);
          case "data_offsets" -> offsets = naturals(what + ": data_offsets", 2);
          default -> throw bad("%s has the unknown member '%s'".formatted(what, shown(member)));
        }
      }
      if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
        throw bad("%s needs dtype, shape and two data_offsets".formatted(what));
      }
      long begin = offsets.get(0);
      long end = offsets.get(1);
      if (end < begin || byteSize(what, dtype, shape) != end - begin) {
        throw bad(
            "%s: %s %s does not fill bytes %s to %s".formatted(what, dtype, shape, begin, end));
      }
      return new Entry(name, dtype, shape, begin, end);
    }

    private DType dtype(String what) throws IOException {
      expect(parser.currentToken(), JsonToken.VALUE_STRING, what + ": dtype must be a string");
      String text = parser.getText();
      for (DType known : DTYPES) {
        if (known.name().equals(text)) {
          return known;
        }
      }
      throw bad("%s has dtype '%s'; known are %s".formatted(what, shown(text), DTYPES));
    }

    private List<Long> naturals(String what, int most) throws IOException {
      expect(parser.currentToken(), JsonToken.START_ARRAY, what + " must be an array");
      List<Long> values = new ArrayList<>(4);
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, what + " must hold integers");
        long value = parser.getLongValue();
        if (value < 0) {
          throw bad("%s holds a negative number".formatted(what));
        }
        if (values.size() == most) {
          throw bad("%s has more than %s numbers".formatted(what, most));
        }
        values.add(value);
      }
      return List.copyOf(values);
    }

    private long byteSize(String what, DType dtype, List<Long> shape) {
      try {
        long n = dtype.blockBytes();
        for (long d : shape) {
          n = Math.multiplyExact(n, d);
        }
        return n;
      } catch (ArithmeticException e) {
        throw bad("%s: the size of shape %s overflows".formatted(what, shape));
      }
    }

    /** Sorted by place, the byte ranges must follow one another from 0 to the end of the file. */
    private Map<String, StoredTensor> place() {
      long available = all.byteSize() - dataStart;
      entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
      Map<String, StoredTensor> tensors = LinkedHashMap.newLinkedHashMap(entries.size());
      long next = 0;
      for (Entry e : entries) {
        if (e.begin != next) {
          throw new BadCheckpoint(
              file,
              dataStart + next,
              "tensor '%s' %s byte %s of the data"
                  .formatted(
                      shown(e.name),
                      e.begin > next ? "leaves a hole before" : "overlaps the one before",
                      e.begin));
        }
        if (e.end > available) {
          throw new BadCheckpoint(
              file,
              all.byteSize(),
              "is truncated: tensor '%s' ends at byte %s, the file has %s; fetch it again"
                  .formatted(shown(e.name), dataStart + e.end, all.byteSize()));
        }
        MemorySegment data = all.asSlice(dataStart + e.begin, e.end - e.begin);
        tensors.put(
            e.name, new StoredTensor(e.name, e.dtype, e.shape, data, file, dataStart + e.begin));
        next = e.end;
      }
      if (next != available) {
        throw new BadCheckpoint(
            file, dataStart + next, "%s bytes follow the last tensor".formatted(available - next));
      }
      return Collections.unmodifiableMap(tensors);
    }

    private void expect(JsonToken found, JsonToken wanted, String message) {
      if (found != wanted) {
        throw bad(message);
      }
    }

    private BadCheckpoint bad(String reason) {
      return new BadCheckpoint(file, at.getAsLong(), reason);
    }
  }

  /** A name out of a file, short and on one line. */
  static String shown(String name) {
    String line = IoReasons.oneLine(name);
    return line.length() <= 120 ? line : line.substring(0, 117) + "...";
  }
}
