package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.GgufWriter;
import org.mixtureofmasks.checkpoint.StoredTensor;

/** A GGUF model whose matrices are of all block types, as files of llama-quantize mix them. */
class MixedBlocksTest {
  private static final int D = 512;
  private static final int KV = 128;
  private static final int M = 256;
  private static final int VOCABULARY = 64;

  /** ggml's numbers of the types and their names, in the order in which matrices take them. */
  private static final int[] NUMBERS = {14, 12, 13, 8, 6, 2, 3, 7, 20, 10, 11, 23};

  private static final String[] NAMES = {
    "Q6_K", "Q4_K", "Q5_K", "Q8_0", "Q5_0", "Q4_0", "Q4_1", "Q5_1", "IQ4_NL", "Q2_K", "Q3_K",
    "IQ4_XS"
  };

  @TempDir Path folder;
  private Path file;

  private record Tensor(String name, int type, int columns, int rows, byte[] bytes) {}

  @BeforeEach
  void write() throws IOException {
    List<Tensor> tensors = new ArrayList<>();
    try (Checkpoint blocks =
        Checkpoints.open(TestFiles.resource("/org/mixtureofmasks/models/gguf-blocks.gguf"))) {
      matrix(tensors, blocks, "token_embd.weight", D, VOCABULARY);
      for (int l = 0; l < 2; l++) {
        String layer = "blk." + l + ".";
        norm(tensors, layer + "attn_norm.weight");
        matrix(tensors, blocks, layer + "attn_q.weight", D, D);
        matrix(tensors, blocks, layer + "attn_k.weight", D, KV);
        matrix(tensors, blocks, layer + "attn_v.weight", D, KV);
        matrix(tensors, blocks, layer + "attn_output.weight", D, D);
        norm(tensors, layer + "ffn_norm.weight");
        matrix(tensors, blocks, layer + "ffn_gate.weight", D, M);
        matrix(tensors, blocks, layer + "ffn_up.weight", D, M);
        matrix(tensors, blocks, layer + "ffn_down.weight", M, D);
      }
      norm(tensors, "output_norm.weight");
    }
    GgufWriter w = GgufWriter.of(3, tensors.size(), 8);
    w.key("general.architecture", 8).string("llama");
    w.key("llama.embedding_length", 4).i32(D).key("llama.feed_forward_length", 4).i32(M);
    w.key("llama.block_count", 4).i32(2).key("llama.context_length", 4).i32(64);
    w.key("llama.attention.head_count", 4).i32(8).key("llama.attention.head_count_kv", 4).i32(2);
    w.key("llama.attention.layer_norm_rms_epsilon", 6).i32(Float.floatToIntBits(1e-5f));
    long offset = 0;
    for (Tensor t : tensors) {
      if (t.rows == 1) {
        w.tensor(t.name, t.type, offset, t.columns);
      } else {
        w.tensor(t.name, t.type, offset, t.columns, t.rows);
      }
      offset += (t.bytes.length + 31) / 32 * 32;
    }
    for (Tensor t : tensors) {
      w.pad(32).bytes(t.bytes);
    }
    file = Files.write(folder.resolve("mixed.gguf"), w.build());
  }

  /** Small factors, so that sums of 512 products of ordinary weights stay near 1. */
  private static void norm(List<Tensor> tensors, String name) {
    byte[] bytes = new byte[4 * D];
    for (int i = 0; i < D; i++) {
      bytes[4 * i + 2] = 0x4d; // 0x3d4d0000 is 0.05
      bytes[4 * i + 3] = 0x3d;
    }
    tensors.add(new Tensor(name, 0, D, 1, bytes));
  }

  /** Blocks that ggml made, each row with others of them, in the next type. */
  private static void matrix(
      List<Tensor> tensors, Checkpoint blocks, String name, int columns, int rows) {
    int next = (int) tensors.stream().filter(t -> t.type != 0).count() % NUMBERS.length;
    StoredTensor made = blocks.tensors().get(NAMES[next] + ".stored");
    int block = made.dtype().blockBytes();
    int count = D / made.dtype().blockSize();
    byte[] ordinary = made.data().asSlice(0, (long) count * block).toArray(ValueLayout.JAVA_BYTE);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int r = 0; r < rows; r++) {
      for (int b = 0; b < columns / made.dtype().blockSize(); b++) {
        bytes.write(ordinary, (r * 7 + r / count + b * 3) % count * block, block);
      }
    }
    tensors.add(new Tensor(name, NUMBERS[next], columns, rows, bytes.toByteArray()));
  }

  private static float[] logits(Model model) {
    int[] tokens = {1, 2, 3, 60, 17, 9, 31, 44, 12, 5, 50, 6, 7, 8, 40, 41};
    ModelState state = model.newState(tokens.length);
    model.forward(state, tokens, 0, 13); // a pass of many tokens, then each alone
    model.forward(state, tokens, 13, 1);
    return model.forward(state, tokens, 14, 2).clone();
  }

  private Model open(WeightType weights, LoadOptions.Memory memory) {
    return Model.open(file, new LoadOptions(weights, 2, memory));
  }

  @Test
  void everyMatrixRunsInItsOwnTypeWithTheLogitsOfTheNumbersItHolds() {
    try (Model stored = open(WeightType.AUTO, LoadOptions.Memory.MAPPED);
        Model wide = open(WeightType.F32, LoadOptions.Memory.AUTO);
        Checkpoint checkpoint = Checkpoints.open(file)) {
      float[] expected = logits(wide);
      float largest = 0;
      for (float v : expected) {
        largest = Math.max(largest, Math.abs(v));
      }
      assertArrayEquals(expected, logits(stored), 1e-4f * largest);
      List<String> types = Arrays.asList(stored.weightType().split(", "));
      TreeSet<String> all = new TreeSet<>();
      for (String name : NAMES) {
        all.add(name.toLowerCase(java.util.Locale.ROOT));
      }
      assertEquals(all, new TreeSet<>(types));
      assertTrue(stored.description().contains("weights: " + stored.weightType()));
      assertEquals(
          checkpoint.tensors().values().stream().mapToLong(t -> t.data().byteSize()).sum(),
          stored.weightBytes());
      assertEquals("f32", wide.weightType());
    }
  }

  @Test
  void typesAreNamedByTheirBytesTheLargestFirst() {
    try (Model model = open(WeightType.AUTO, LoadOptions.Memory.AUTO);
        Checkpoint checkpoint = Checkpoints.open(file)) {
      long before = Long.MAX_VALUE;
      for (String type : model.weightType().split(", ")) {
        long bytes =
            checkpoint.tensors().values().stream()
                .filter(t -> t.dtype().name().equalsIgnoreCase(type))
                .mapToLong(t -> t.data().byteSize())
                .sum();
        assertTrue(0 < bytes && bytes <= before, type);
        before = bytes;
      }
    }
  }

  @Test
  void allCanBeRoundedToBlocksOfEightOrFourBits() {
    try (Model eight = open(WeightType.Q8_0, LoadOptions.Memory.AUTO);
        Model four = open(WeightType.Q4_0, LoadOptions.Memory.AUTO)) {
      assertEquals("q8_0", eight.weightType());
      assertEquals("q4_0", four.weightType());
      long norms = 5L * 4 * D;
      assertEquals((eight.weightBytes() - norms) * 18, (four.weightBytes() - norms) * 34);
      assertEquals(VOCABULARY, logits(four).length);
    }
  }
}
