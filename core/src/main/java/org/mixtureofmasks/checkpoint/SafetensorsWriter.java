package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Channels;
import org.mixtureofmasks.io.Json;

/** Writes .safetensors files, tensor by tensor, whole or not at all. */
public final class SafetensorsWriter {
  private SafetensorsWriter() {}

  /**
   * Writes a file and replaces an older one at the end, at once. Tensors of wider elements go
   * first, so that every tensor is aligned to its elements; otherwise the order is kept.
   *
   * @param target the file
   * @param metadata goes under __metadata__; may be empty
   * @param tensors by name, written one after the other
   * @throws UserError if the disk is full, the folder not writable, or a source fails; the older
   *     file is then untouched
   */
  public static void write(
      Path target, Map<String, String> metadata, SequencedMap<String, TensorSource> tensors) {
    List<Map.Entry<String, TensorSource>> order =
        tensors.entrySet().stream()
            .sorted(Comparator.comparingInt(e -> -e.getValue().dtype().blockBytes()))
            .toList();
    byte[] header = header(metadata, order);
    AtomicFiles.write(
        target,
        channel -> {
          ByteBuffer head = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
          Channels.writeFully(channel, head.putLong(header.length).put(header).flip());
          for (Map.Entry<String, TensorSource> e : order) {
            writeTensor(channel, e.getKey(), e.getValue());
          }
        });
  }

  private static void writeTensor(WritableByteChannel to, String name, TensorSource source)
      throws IOException {
    Channels.Counting counting = new Channels.Counting(to);
    source.writeTo(counting);
    if (counting.count() != source.byteSize()) {
      throw new IllegalStateException(
          "tensor %s wrote %s bytes, not the %s of its shape"
              .formatted(name, counting.count(), source.byteSize()));
    }
  }

  /** The JSON header, padded with spaces to a multiple of 8 so that the data is aligned. */
  private static byte[] header(
      Map<String, String> metadata, List<Map.Entry<String, TensorSource>> tensors) {
    ObjectNode header = Json.object();
    if (!metadata.isEmpty()) {
      ObjectNode strings = header.putObject("__metadata__");
      metadata.forEach(strings::put);
    }
    long at = 0;
    for (Map.Entry<String, TensorSource> e : tensors) {
      TensorSource source = e.getValue();
      if (e.getKey().equals("__metadata__") || !SafetensorsHeader.DTYPES.contains(source.dtype())) {
        throw new IllegalArgumentException(
            "safetensors cannot hold %s tensor %s".formatted(source.dtype(), e.getKey()));
      }
      ObjectNode entry = header.putObject(e.getKey());
      entry.put("dtype", source.dtype().name());
      ArrayNode shape = entry.putArray("shape");
      source.shape().forEach(shape::add);
      long end = Math.addExact(at, source.byteSize());
      entry.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    String json = header.toString();
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    if (text.length > SafetensorsFile.HEADER_LIMIT - 8) {
      throw new IllegalArgumentException("the header has %s bytes".formatted(text.length));
    }
    return (json + " ".repeat(-text.length & 7)).getBytes(StandardCharsets.UTF_8);
  }
}
