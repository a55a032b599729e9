package org.mixtureofmasks.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;

class DecoderModuleTest {
  @Test
  void logitsEqualAForwardPassWrittenOutInPlainJava() {
    DecoderModule model = TestModels.tiny(1, Precision.FP32);
    int[] ids = {3, 17, 3, 49, 0, 21, 8};
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      long[][] rows = new long[2][];
      rows[0] = java.util.Arrays.stream(ids).asLongStream().toArray();
      rows[1] = new long[] {1, 2, 3, 4, 5, 6, 7};
      float[] logits = Tensors.toFloats(model.forward(Tensors.of(rows), (l, x, w) -> w.dense(x)));
      double[][] expected = PlainDecoder.logits(model, ids);
      for (int p = 0; p < ids.length; p++) {
        for (int v = 0; v < 50; v++) {
          assertEquals(expected[p][v], logits[p * 50 + v], 2e-4, "position " + p + " token " + v);
        }
      }
    }
  }

  @Test
  void aPassWithoutGradientsHasTheBitsOfOneWithThem() {
    DecoderModule model = TestModels.tiny(1, Precision.BF16);
    FeedForward dense = (l, x, w) -> w.dense(x);
    try (PointerScope _ = new PointerScope()) {
      Tensor ids = Tensors.of(new long[][] {{3, 17, 3, 49, 0, 21, 8}});
      float[] with = Tensors.toFloats(model.hidden(ids, dense));
      try (NoGradGuard _ = new NoGradGuard()) {
        assertArrayEquals(with, Tensors.toFloats(model.hidden(ids, dense)));
      }
    }
  }

  @Test
  void bf16ProductsStayNearFp32() {
    long[][] ids = {{3, 17, 3, 49, 0, 21, 8}};
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      FeedForward dense = (l, x, w) -> w.dense(x);
      float[] exact =
          Tensors.toFloats(TestModels.tiny(1, Precision.FP32).forward(Tensors.of(ids), dense));
      float[] rounded =
          Tensors.toFloats(TestModels.tiny(1, Precision.BF16).forward(Tensors.of(ids), dense));
      double worst = 0;
      double scale = 0;
      for (int i = 0; i < exact.length; i++) {
        worst = Math.max(worst, Math.abs(exact[i] - rounded[i]));
        scale = Math.max(scale, Math.abs(exact[i]));
      }
      assertTrue(worst > 0 && worst < 0.05 * scale, worst + " of " + scale);
    }
  }

  @Test
  void aTensorOfAnotherShapeIsRefusedByName() {
    DecoderModule model = TestModels.tiny(1, Precision.FP32);
    Map<String, Tensor> weights = new java.util.HashMap<>(model.parameters());
    weights.put("model.norm.weight", Tensors.of(new float[3], 3));
    UserError error =
        assertThrows(
            UserError.class, () -> new DecoderModule(model.config(), weights, Precision.FP32));
    assertEquals(
        "tensor model.norm.weight has shape [3], config.json asks for [16]", error.getMessage());
  }

  @Test
  void aFrozenCopyLeavesTheMastersAndTheirGradientsAsTheyAre() {
    DecoderModule model = TestModels.tiny(1, Precision.BF16);
    model.parameters().get("model.norm.weight").set_requires_grad(false);
    DecoderModule frozen = model.frozenCopy();
    model
        .parameters()
        .forEach(
            (name, t) -> {
              assertEquals(!name.equals("model.norm.weight"), t.requires_grad(), name);
              assertFalse(frozen.parameters().get(name).requires_grad(), name);
            });
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Tensor ids = Tensors.of(new long[][] {{3, 17, 3, 49}});
      FeedForward dense = (l, x, w) -> w.dense(x);
      float[] before = Tensors.toFloats(model.forward(ids, dense));
      model.parameters().values().forEach(Tensor::zero_);
      assertArrayEquals(before, Tensors.toFloats(frozen.forward(ids, dense)));
    }
  }

  @Test
  void mom4mHasItsStatedValidationLoss() throws IOException {
    assumeTrue(TestModels.mom4m().isPresent(), "MOM_MODELS does not point at mom-4m");
    Path folder = TestModels.mom4m().orElseThrow();
    DecoderModule model = TestModels.load(folder, Precision.FP32);
    double sum = 0;
    long rows = 0;
    for (String name : List.of("novel", "text", "fact", "wiki", "play")) {
      byte[] bytes = Files.readAllBytes(folder.resolve("data/valid-" + name + ".u16"));
      var tokens = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
      int n = tokens.remaining() / 257;
      for (int from = 0; from < n; from += 10) {
        long[][] in = new long[10][256];
        long[][] out = new long[10][256];
        for (int i = 0; i < 2560; i++) {
          in[i / 256][i % 256] = tokens.get((from + i / 256) * 257 + i % 256) & 0xffff;
          out[i / 256][i % 256] = tokens.get((from + i / 256) * 257 + i % 256 + 1) & 0xffff;
        }
        try (PointerScope _ = new PointerScope();
            NoGradGuard _ = new NoGradGuard()) {
          sum +=
              10
                  * model
                      .loss(Tensors.of(in), Tensors.of(out), (l, x, w) -> w.dense(x))
                      .item_float();
        }
      }
      rows += n;
    }
    assertEquals(3.6694, sum / rows, 5e-5);
  }
}
