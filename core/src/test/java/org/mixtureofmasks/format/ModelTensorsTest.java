package org.mixtureofmasks.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.TensorSpec.Role;
import org.mixtureofmasks.io.BadCheckpoint;

/** One list of tensors for all formats, and files that contradict it. */
class ModelTensorsTest {
  private static ModelTensors read(Checkpoint checkpoint) {
    return ModelTensors.of(checkpoint, ConfigReader.read(checkpoint));
  }

  private static String refusal(Checkpoint checkpoint) {
    BadCheckpoint e = assertThrows(BadCheckpoint.class, () -> read(checkpoint));
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    return e.reason();
  }

  @ParameterizedTest
  @EnumSource(Checkpoint.Format.class)
  void everyFormatHasTheSameTensorsOfTheSameShapes(Checkpoint.Format format) {
    ModelTensors tensors = read(MadeCheckpoint.llama(format).withAll());
    List<TensorSpec> stored = tensors.specs().stored();
    assertEquals(2 * 9 + 3, stored.size());
    assertEquals(stored.size(), tensors.inFileOrder().size());
    for (TensorSpec spec : stored) {
      assertEquals(spec.shape(), tensors.get(spec).shape());
    }
  }

  @Test
  void aLayerIsASliceOfWhatLlama2cStacks() {
    ModelTensors tensors = read(MadeCheckpoint.llama(Checkpoint.Format.LLAMA2C).withAll());
    StoredTensor second = tensors.get(Role.FFN_NORM, 1);
    assertArrayEquals(new float[] {8, 9, 10, 11, 12, 13, 14, 15}, Elements.toFloats(second));
    assertEquals("model.layers.1.post_attention_layernorm.weight", second.name());
  }

  @Test
  void onlyQueriesAndKeysOfOtherFormatsChangeTheirRows() {
    ModelTensors gguf = read(MadeCheckpoint.llama(Checkpoint.Format.GGUF).withAll());
    TensorSpec keys = gguf.specs().get(Role.KEY, 0);
    // Two heads of 4: pairs (0, 1), (2, 3) of the file are (0, 2), (1, 3) here.
    assertArrayEquals(
        new int[] {0, 2, 1, 3, 4, 6, 5, 7},
        IntStream.range(0, 8).map(gguf.rowOrder(keys).orElseThrow()).toArray());
    assertTrue(gguf.rowOrder(gguf.specs().get(Role.VALUE, 0)).isEmpty());
    ModelTensors folder = read(MadeCheckpoint.llama(Checkpoint.Format.HUGGING_FACE).withAll());
    assertTrue(folder.rowOrder(keys).isEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "HUGGING_FACE, model.layers.0.self_attn.q_proj.bias",
    "HUGGING_FACE, model.layers.2.mlp.up_proj.weight",
    "HUGGING_FACE, model.layers.0.mlp.router.weight",
    "GGUF, blk.0.attn_q.bias",
    "GGUF, blk.2.ffn_up.weight"
  })
  void aTensorThatNoLayerReadsIsRefusedByItsName(Checkpoint.Format format, String name) {
    assertEquals(
        "tensor '%s' belongs to no layer of a llama model of 2 layers".formatted(name),
        refusal(MadeCheckpoint.llama(format).withAll().with(name, 8)));
  }

  @Test
  void whatOldCheckpointsHoldAndNobodyReadsIsLeftAlone() {
    MadeCheckpoint old = MadeCheckpoint.llama(Checkpoint.Format.HUGGING_FACE).withAll();
    old.with("model.layers.1.self_attn.rotary_emb.inv_freq", 2);
    old.metadata().put("tie_word_embeddings", true);
    ModelTensors tensors = read(old);
    assertEquals(2 * 9 + 2, tensors.inFileOrder().size());
    assertTrue(tensors.inFileOrder().stream().noneMatch(spec -> spec.role() == Role.OUTPUT));
  }

  @Test
  void aConfigThatContradictsATensorIsRefusedWithBothShapesBeforeAnythingLargeIsAllocated() {
    MadeCheckpoint made = MadeCheckpoint.llama(Checkpoint.Format.HUGGING_FACE).withAll();
    made.with("model.layers.1.mlp.down_proj.weight", new float[1 << 20], 8, 1 << 17);
    String expected =
        "tensor 'model.layers.1.mlp.down_proj.weight' has shape [8, 131072]; by its config it"
            + " should be [8, 12]";
    assertRefusedWithoutAllocation(made, expected);
  }

  @Test
  void moreLayersThanTensorsAreRefusedBeforeTheyAreListed() {
    MadeCheckpoint made = MadeCheckpoint.llama(Checkpoint.Format.HUGGING_FACE).withAll();
    made.metadata().put("num_hidden_layers", 1 << 30);
    assertRefusedWithoutAllocation(
        made, "has 1073741824 layers by its config, but only 21 tensors");
  }

  private static void assertRefusedWithoutAllocation(Checkpoint made, String expected) {
    assertEquals(expected, refusal(made)); // loads the classes
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertEquals(expected, refusal(made));
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < 256 << 10, allocated + " bytes were allocated");
  }
}
