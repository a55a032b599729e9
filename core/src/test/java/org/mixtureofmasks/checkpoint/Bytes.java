package org.mixtureofmasks.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Raw files for tests. */
public final class Bytes {
  private Bytes() {}

  static Path file(Path path, byte[] bytes) {
    try {
      return Files.write(path, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A safetensors file with any header and that many zero bytes of data. */
  static byte[] safetensors(String header, int data) {
    return safetensors(header.getBytes(StandardCharsets.UTF_8), data);
  }

  static byte[] safetensors(byte[] header, int data) {
    return ByteBuffer.allocate(8 + header.length + data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }

  /** A resource beside the tests. */
  static byte[] resource(String name) {
    try (InputStream in = Bytes.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
