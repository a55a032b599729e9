package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import org.mixtureofmasks.io.Json;

/**
 * The key-value pairs of a GGUF file. Long arrays (vocabularies) are checked and stepped over, and
 * decoded only when asked for.
 */
final class GgufMetadata {
  /** Arrays up to this length become part of the JSON object. */
  static final int INLINE_LIMIT = 1024;

  private static final int KEY_LIMIT = 65_535; // the format's bound on a key, bytes
  private static final int KEYS_LIMIT = 1 << 16;
  private static final long STRING_LIMIT = 32L << 20;
  private static final long TEXT_LIMIT = 64L << 20;
  private static final int VALUES_LIMIT = 1 << 20;
  private static final int DEPTH_LIMIT = 4;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** Where the elements of an array begin, and what they are. */
  record Array(int type, long count, long offset) {}

  private final Cursor in;
  private final ObjectNode values = Json.object();
  private final Map<String, Array> arrays = new HashMap<>();
  private long text;
  private int inlined;

  GgufMetadata(Cursor in) {
    this.in = in;
  }

  ObjectNode values() {
    return values;
  }

  Map<String, Array> arrays() {
    return arrays;
  }

  void read(long pairs) {
    if (pairs > KEYS_LIMIT) {
      throw in.bad("claims %s metadata keys; at most %s are read".formatted(pairs, KEYS_LIMIT));
    }
    for (long i = 0; i < pairs; i++) {
      String key = text(KEY_LIMIT, "a metadata key");
      if (values.has(key) || arrays.containsKey(key)) {
        throw in.bad("the metadata key '%s' occurs twice".formatted(SafetensorsHeader.shown(key)));
      }
      int type = in.i32("the type of a value");
      if (type == GgufType.ARRAY) {
        array(key);
      } else {
        values.set(key, value(type, key));
      }
    }
  }

  private void array(String key) {
    int type = in.i32("the type of an array");
    long count = in.count(GgufType.leastBytes(in, type), "array elements");
    arrays.put(key, new Array(type, count, in.position()));
    if (count <= INLINE_LIMIT) {
      values.set(key, elements(type, count, key, 1));
    } else {
      skip(type, count, 1);
    }
  }

  private ArrayNode elements(int type, long count, String key, int depth) {
    ArrayNode array = JSON.arrayNode();
    for (long i = 0; i < count; i++) {
      if (type == GgufType.ARRAY) {
        deeper(depth);
        int inner = in.i32("the type of an array");
        long n = in.count(GgufType.leastBytes(in, inner), "array elements");
        array.add(elements(inner, n, key, depth + 1));
      } else {
        array.add(value(type, key));
      }
    }
    return array;
  }

  private void skip(int type, long count, int depth) {
    int size = GgufType.fixedBytes(type);
    if (size > 0) {
      in.skip(count * size, "an array"); // count() has shown that this does not overflow
      return;
    }
    for (long i = 0; i < count; i++) {
      if (type == GgufType.STRING) {
        in.skipString("a string");
      } else {
        deeper(depth);
        int inner = in.i32("the type of an array");
        skip(inner, in.count(GgufType.leastBytes(in, inner), "array elements"), depth + 1);
      }
    }
  }

  private void deeper(int depth) {
    if (depth == DEPTH_LIMIT) {
      throw in.bad("arrays lie more than %s deep".formatted(DEPTH_LIMIT));
    }
  }

  private JsonNode value(int type, String key) {
    if (++inlined > VALUES_LIMIT) {
      throw in.bad("holds more than %s metadata values in short arrays".formatted(VALUES_LIMIT));
    }
    return switch (type) {
      case GgufType.U8 -> JSON.numberNode(in.i8(key) & 255);
      case GgufType.I8 -> JSON.numberNode((int) in.i8(key));
      case GgufType.U16 -> JSON.numberNode(in.i16(key) & 65_535);
      case GgufType.I16 -> JSON.numberNode((int) in.i16(key));
      case GgufType.U32 -> JSON.numberNode(in.i32(key) & 0xffff_ffffL);
      case GgufType.I32 -> JSON.numberNode(in.i32(key));
      case GgufType.F32 -> JSON.numberNode(Float.intBitsToFloat(in.i32(key)));
      case GgufType.BOOL -> JSON.booleanNode(bool(key));
      case GgufType.STRING -> JSON.textNode(text(STRING_LIMIT, SafetensorsHeader.shown(key)));
      case GgufType.U64 -> {
        long bits = in.i64(key);
        yield bits >= 0
            ? JSON.numberNode(bits)
            : JSON.numberNode(new BigInteger(Long.toUnsignedString(bits)));
      }
      case GgufType.I64 -> JSON.numberNode(in.i64(key));
      case GgufType.F64 -> JSON.numberNode(Double.longBitsToDouble(in.i64(key)));
      default ->
          throw in.bad(
              "'%s' has the unknown value type %s".formatted(SafetensorsHeader.shown(key), type));
    };
  }

  private boolean bool(String key) {
    int bits = in.i8(key);
    if (bits != 0 && bits != 1) {
      throw in.bad("'%s' must be 0 or 1, not %s".formatted(SafetensorsHeader.shown(key), bits));
    }
    return bits == 1;
  }

  private String text(long limit, String what) {
    String string = in.string(limit, what);
    text += string.length();
    if (text > TEXT_LIMIT) {
      throw in.bad("holds more than %s characters of metadata".formatted(TEXT_LIMIT));
    }
    return string;
  }
}
