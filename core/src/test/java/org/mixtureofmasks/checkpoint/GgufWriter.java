package org.mixtureofmasks.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Builds GGUF files, right or wrong, for tests: values are put one after another. */
public final class GgufWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Magic, version and counts. */
  public static GgufWriter of(int version, long tensors, long pairs) {
    return new GgufWriter().raw("GGUF").i32(version).i64(tensors).i64(pairs);
  }

  GgufWriter raw(String ascii) {
    return bytes(ascii.getBytes(StandardCharsets.ISO_8859_1));
  }

  public GgufWriter bytes(byte... bytes) {
    out.writeBytes(bytes);
    return this;
  }

  GgufWriter i16(int v) {
    return bytes((byte) v, (byte) (v >> 8));
  }

  public GgufWriter i32(int v) {
    return bytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(v).array());
  }

  GgufWriter i64(long v) {
    return bytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(v).array());
  }

  public GgufWriter string(String s) {
    byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
    return i64(utf8.length).bytes(utf8);
  }

  /** A key and the type of the value that comes next. */
  public GgufWriter key(String name, int type) {
    return string(name).i32(type);
  }

  /** A key and an array's element type and length; the elements come next. */
  GgufWriter array(String name, int type, long count) {
    return key(name, GgufType.ARRAY).i32(type).i64(count);
  }

  /** A tensor's description; dimensions in the file's order, innermost first. */
  public GgufWriter tensor(String name, int type, long offset, long... dimensions) {
    string(name).i32(dimensions.length);
    for (long d : dimensions) {
      i64(d);
    }
    return i32(type).i64(offset);
  }

  public GgufWriter pad(int alignment) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
    return this;
  }

  GgufWriter zeros(int n) {
    return bytes(new byte[n]);
  }

  public byte[] build() {
    return out.toByteArray();
  }
}
