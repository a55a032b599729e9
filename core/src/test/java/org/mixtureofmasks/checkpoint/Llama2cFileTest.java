package org.mixtureofmasks.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mixtureofmasks.io.BadCheckpoint;

class Llama2cFileTest {
  @TempDir Path folder;

  @Test
  void stories260KHasTheTensorsOfRunC() {
    try (Checkpoint c = Checkpoints.open(stories())) {
      assertEquals(Checkpoint.Format.LLAMA2C, c.format());
      assertEquals(
          "{\"dim\":64,\"hidden_dim\":172,\"n_layers\":5,\"n_heads\":8,\"n_kv_heads\":4,"
              + "\"vocab_size\":512,\"seq_len\":512}",
          c.metadata().toString());
      assertEquals(1_056_540, c.bytes());
      assertEquals(List.of(5L, 32L, 64L), c.tensors().get("wk").shape());
      assertEquals(List.of(5L, 64L, 172L), c.tensors().get("w2").shape());
      assertEquals(List.of(512L, 4L), c.tensors().get("freq_cis_imag").shape());
      assertTrue(!c.tensors().containsKey("wcls"), "the classifier is the embedding");
      // cos 0 and sin 0 show that every tensor before the tables lies in its place.
      assertEquals(1f, Elements.toFloats(c.tensors().get("freq_cis_real"))[0]);
      assertEquals(0f, Elements.toFloats(c.tensors().get("freq_cis_imag"))[0]);
    }
  }

  @Test
  void aFileCutAtAnyBoundaryIsRefusedWithItsOffset() throws IOException {
    Path file = stories();
    TreeSet<Long> cuts = new TreeSet<>(List.of(0L, 1L, 3L, 4L, 27L, 28L, 29L));
    try (Checkpoint c = Checkpoints.open(file)) {
      for (StoredTensor t : c.tensors().values()) {
        cuts.addAll(List.of(t.offset() - 1, t.offset(), t.offset() + 1));
      }
      cuts.add(c.bytes() - 1);
    }
    for (long cut : cuts.descendingSet()) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(cut);
      }
      BadCheckpoint error = assertThrows(BadCheckpoint.class, () -> Checkpoints.open(file));
      assertEquals(cut < 28 ? 0 : cut, error.offset(), error.getMessage());
    }
  }

  @Test
  void aNegativeVocabularyBringsItsOwnClassifier() {
    int floats = 3 * 4 + 4 + 16 + 8 + 8 + 16 + 4 + 20 + 20 + 20 + 4 + 6 * 1 + 6 * 1 + 3 * 4;
    byte[] bytes = header(floats * 4, 4, 5, 1, 2, 1, -3, 6);
    try (Checkpoint c = Checkpoints.open(Bytes.file(folder.resolve("own.bin"), bytes))) {
      assertEquals(List.of(3L, 4L), c.tensors().get("wcls").shape());
    }
    byte[] longer = java.util.Arrays.copyOf(bytes, bytes.length + 1);
    Path file = Bytes.file(folder.resolve("longer.bin"), longer);
    assertTrue(
        assertThrows(BadCheckpoint.class, () -> Checkpoints.open(file))
            .getMessage()
            .contains("1 bytes follow the last tensor"));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 5, 1, 2, 1, 3, 6, dim would be 0",
    "-4, 5, 1, 2, 1, 3, 6, dim would be -4",
    "4, 2147483647, 1, 2, 1, 3, 6, hidden_dim would be 2147483647",
    "4, 5, 4097, 2, 1, 3, 6, n_layers would be 4097",
    "4, 5, 1, 3, 1, 3, 6, do not fit",
    "4, 5, 1, 2, 3, 3, 6, do not fit",
    "3, 5, 1, 3, 1, 3, 6, do not fit",
    "4, 5, 1, 2, 1, -2147483648, 6, vocab_size would be 2147483648",
    "4, 5, 1, 2, 1, 3, 0, seq_len would be 0",
    "16777216, 16777216, 4096, 1, 1, 16777216, 16777216, is truncated",
  })
  void anImpossibleHeaderIsRefused(
      int dim, int hidden, int layers, int heads, int kv, int vocab, int seq, String reason) {
    byte[] bytes = header(100, dim, hidden, layers, heads, kv, vocab, seq);
    Path file = Bytes.file(folder.resolve("bad.bin"), bytes);
    String message = assertThrows(BadCheckpoint.class, () -> Checkpoints.open(file)).getMessage();
    assertTrue(message.contains(reason), message);
  }

  private Path stories() {
    return Bytes.file(
        folder.resolve("stories260K.bin"),
        Bytes.resource("/org/mixtureofmasks/models/stories260K.bin"));
  }

  private static byte[] header(int data, int... fields) {
    ByteBuffer buffer = ByteBuffer.allocate(28 + data).order(ByteOrder.LITTLE_ENDIAN);
    for (int f : fields) {
      buffer.putInt(f);
    }
    return buffer.array();
  }
}
