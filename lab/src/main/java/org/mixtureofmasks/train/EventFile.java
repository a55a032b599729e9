package org.mixtureofmasks.train;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * TensorBoard's event file, as much of it as curves need: TFRecords of {@code Event} messages
 * (tensorflow/core/util/event.proto: wall_time = 1, step = 2, file_version = 3, summary = 5; of a
 * summary's values tag = 1 and simple_value = 2).
 */
final class EventFile {
  /** Wire types of protocol buffers. */
  private static final int VARINT = 0;

  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final ByteArrayOutputStream records = new ByteArrayOutputStream();

  /**
   * An event file without curves.
   *
   * @param seconds since 1970, of the first record
   */
  EventFile(double seconds) {
    Message version = new Message();
    version.fixed64(1, seconds);
    version.bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
    record(version.whole());
  }

  /**
   * Adds a step's figures.
   *
   * @param seconds since 1970
   * @param values by tag
   */
  void add(double seconds, long step, Map<String, Double> values) {
    Message summary = new Message();
    values.forEach(
        (tag, value) -> {
          Message one = new Message();
          one.bytes(1, tag.getBytes(StandardCharsets.UTF_8));
          one.fixed32(2, value.floatValue());
          summary.bytes(1, one.whole());
        });
    Message event = new Message();
    event.fixed64(1, seconds);
    event.varint(2, step);
    event.bytes(5, summary.whole());
    record(event.whole());
  }

  /** The file's bytes. */
  byte[] whole() {
    return records.toByteArray();
  }

  /** Length and its checksum, the data and theirs; all little-endian. */
  private void record(byte[] data) {
    byte[] length = eightBytes(data.length);
    records.writeBytes(length);
    records.writeBytes(fourBytes(maskedChecksum(length)));
    records.writeBytes(data);
    records.writeBytes(fourBytes(maskedChecksum(data)));
  }

  /**
   * CRC-32C, turned and shifted, so that a checksum within the data does no harm (record_writer.h).
   */
  static int maskedChecksum(byte[] data) {
    CRC32C checksum = new CRC32C();
    checksum.update(data);
    return Integer.rotateRight((int) checksum.getValue(), 15) + 0xa282ead8;
  }

  private static byte[] eightBytes(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  private static byte[] fourBytes(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  /** A protocol buffer's message, field by field. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private void key(int field, int wireType) {
      number((long) field << 3 | wireType);
    }

    private void number(long value) {
      long rest = value;
      while ((rest & ~0x7FL) != 0) {
        out.write((int) (rest & 0x7F | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }

    void varint(int field, long value) {
      key(field, VARINT);
      number(value);
    }

    void fixed64(int field, double value) {
      key(field, FIXED64);
      out.writeBytes(eightBytes(Double.doubleToRawLongBits(value)));
    }

    void fixed32(int field, float value) {
      key(field, FIXED32);
      out.writeBytes(fourBytes(Float.floatToRawIntBits(value)));
    }

    void bytes(int field, byte[] value) {
      key(field, BYTES);
      number(value.length);
      out.writeBytes(value);
    }

    byte[] whole() {
      return out.toByteArray();
    }
  }
}
