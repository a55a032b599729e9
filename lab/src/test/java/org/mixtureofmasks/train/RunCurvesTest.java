package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCurvesTest {
  @TempDir private Path folder;

  private void write(String metrics) throws IOException {
    Files.writeString(folder.resolve("metrics.jsonl"), metrics);
    RunCurves.write(new RunFolder(folder));
  }

  @Test
  void theCsvHasAColumnForEveryFigureAndALineForEveryStep() throws IOException {
    write(
        """
        {"step": 0, "validation_loss": 4.5, "time": "2026-01-02T03:04:05.5Z"}
        {"step": 1, "loss": 4.0, "density": [0.5, 0.25], "validation_losses": {"a, b": 3.5}}
        """);
    assertEquals(
        """
        step,time,validation_loss,loss,density/0,density/1,"validation_losses/a, b"
        0,2026-01-02T03:04:05.5Z,4.5,,,,
        1,,,4.0,0.5,0.25,3.5
        """,
        Files.readString(folder.resolve("metrics.csv")));
  }

  @Test
  void everyRecordIsFramedByItsLengthAndMaskedChecksums() throws IOException {
    write(
        """
        {"step": 300, "loss": 2.5, "time": "2026-01-02T03:04:05.5Z"}
        """);
    List<byte[]> records = records(folder.resolve("events.out.tfevents.run"));
    assertEquals(2, records.size());
    assertTrue(new String(records.get(0), StandardCharsets.UTF_8).endsWith("brain.Event:2"));
    // wall_time: field 1, 8 bytes; step 300: field 2, varint; summary: field 5, with one value.
    ByteBuffer time = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    time.putDouble(1767323045.5);
    String expected =
        "09"
            + HexFormat.of().formatHex(time.array())
            + "10ac02"
            + "2a0d0a0b"
            + "0a046c6f7373"
            + "1500002040";
    assertEquals(expected, HexFormat.of().formatHex(records.get(1)));
  }

  @Test
  void theMaskedChecksumIsRecordWriters() {
    byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
    int plain = 0xe3069283; // the check value of CRC-32C
    assertEquals((plain >>> 15 | plain << 17) + 0xa282ead8, EventFile.maskedChecksum(digits));
  }

  @Test
  void aRunHasItsCurvesWithEachCheckpoint() throws IOException {
    TinyRun run = new TinyRun(folder.resolve("inputs"));
    Path out = folder.resolve("run");
    try (Trainer trainer =
        Trainer.begin(run.dense("train.steps=2"), out, TrainingListener.SILENT)) {
      trainer.train();
    }
    assertEquals(1 + 3, Files.readAllLines(out.resolve("metrics.csv")).size());
    assertEquals(1 + 3, records(out.resolve("events.out.tfevents.run")).size());
  }

  private static List<byte[]> records(Path file) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> records = new ArrayList<>();
    while (in.hasRemaining()) {
      byte[] length = new byte[8];
      in.get(length);
      assertEquals(masked(length), in.getInt());
      byte[] data =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      in.get(data);
      assertEquals(masked(data), in.getInt());
      records.add(data);
    }
    return records;
  }

  private static int masked(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    long value = crc.getValue();
    return (int) ((value >>> 15 | value << 17) + 0xa282ead8L);
  }
}
