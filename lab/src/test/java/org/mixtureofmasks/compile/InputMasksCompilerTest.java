package org.mixtureofmasks.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.SafetensorsFile;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.cli.InspectVerb;
import org.mixtureofmasks.format.Compiled;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.format.SparseModel;
import picocli.CommandLine;

/** Models whose experts leave out inputs of the FFN. */
class InputMasksCompilerTest {
  private static final int D = CompilerTest.D;
  private static final int M = CompilerTest.M;

  @TempDir Path dir;

  private static boolean[][][] inputs(int seed, int layers, int experts) {
    SplittableRandom r = new SplittableRandom(seed);
    boolean[][][] masks = new boolean[layers][experts][D];
    for (boolean[][] layer : masks) {
      for (boolean[] mask : layer) {
        double density = r.nextInt(5) == 0 ? r.nextInt(2) : r.nextDouble(); // some empty or full
        for (int c = 0; c < D; c++) {
          mask[c] = r.nextDouble() < density;
        }
      }
    }
    return masks;
  }

  private static SparseModel model(int seed, Routing routing, boolean[][][] inputs) {
    boolean[][][] masks = CompilerTest.masks(seed, 2, inputs[0].length);
    SparseModel m = CompilerTest.model(seed, routing, masks);
    ShippedExperts experts =
        new ShippedExperts(TestMasks.of(masks, inputs), m.experts().routers(), routing);
    return new SparseModel(
        m.config(), m.weights(), experts, "mom-fh", 0.5, m.parent(), Optional.empty());
  }

  @Test
  void copiedEqualsMaskedInTheEngine() {
    for (int seed = 0; seed < 12; seed++) {
      SparseModel model = model(seed, Routing.topK(1), inputs(seed, 2, seed % 4 == 3 ? 1 : 5));
      DType dtype = seed % 2 == 0 ? DType.BF16 : DType.F32;
      Path at = dir.resolve("seed" + seed);
      Compiler.compile(model, at.resolve("masked"), Layout.MASKED, dtype);
      Compiler.compile(model, at.resolve("copied"), Layout.COPIED, dtype);
      float[][] masked = CompilerTest.logits(at.resolve("masked"));
      float[][] copied = CompilerTest.logits(at.resolve("copied"));
      for (int t = 0; t < masked.length; t++) {
        assertArrayEquals(masked[t], copied[t], 2e-4f, "seed " + seed);
      }
    }
  }

  @Test
  void theFilesHoldOnlyWhatIsKept() throws IOException {
    SparseModel model = model(3, Routing.topK(1), inputs(4, 2, 5));
    ExpertMasks masks = model.masks();
    Path out = dir.resolve("model");
    Compiled compiled = Compiler.compile(model, out, Layout.COPIED, DType.F32);
    try (SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"))) {
      for (int l = 0; l < 2; l++) {
        String p = "model.layers." + l + ".mlp.";
        float[] gate = Elements.toFloats(model.weights().get(p + "gate_proj.weight"));
        float[] up = Elements.toFloats(model.weights().get(p + "up_proj.weight"));
        float[] down = Elements.toFloats(model.weights().get(p + "down_proj.weight"));
        int[] sizes = Elements.toInts(file.tensors().get(p + "experts.sizes"));
        float[] gateUp = Elements.toFloats(file.tensors().get(p + "experts.gate_up"));
        float[] back = Elements.toFloats(file.tensors().get(p + "experts.down"));
        int at = 0;
        int backAt = 0;
        for (int e = 0; e < 5; e++) {
          int[] in = masks.mask(Dimension.INPUTS, l, e).indices().toArray();
          int[] mid = compiled.layers().get(l).neurons(e);
          if (in.length == 0 || mid.length == 0) {
            in = new int[0];
            mid = in;
          }
          assertEquals(in.length, sizes[2 * e]);
          assertEquals(mid.length, sizes[2 * e + 1]);
          for (float[] projection : List.of(gate, up)) {
            for (int j : mid) {
              for (int c : in) {
                assertEquals(projection[j * D + c], gateUp[at++]);
              }
            }
          }
          for (int r = 0; r < D; r++) {
            for (int j : mid) {
              assertEquals(down[r * M + j], back[backAt++]);
            }
          }
        }
        assertEquals(gateUp.length, at);
        assertEquals(back.length, backAt);
        assertFalse(file.tensors().containsKey(p + "neurons"));
      }
      long bytes = file.tensors().values().stream().mapToLong(t -> t.data().byteSize()).sum();
      assertEquals(bytes, compiled.sizes().tensorBytes());
      assertEquals(bytes, compiled.sizes().copiedBytes());
      assertTrue(compiled.sizes().runsBytes().isEmpty());
    }
    try (SafetensorsFile file = SafetensorsFile.open(out.resolve("masks.safetensors"))) {
      StoredTensor stored = file.tensors().get("layers.1.input_masks");
      assertEquals(DType.U8, stored.dtype());
      assertEquals(List.of(5L, (long) D), stored.shape());
      int[] on = Elements.toInts(stored);
      for (int i = 0; i < on.length; i++) {
        assertEquals(masks.mask(Dimension.INPUTS, 1, i / D).on(i % D) ? 1 : 0, on[i]);
      }
    }
  }

  @Test
  void bothSharesStandInTheConfigTheCardAndTheInspection() throws IOException {
    SparseModel model = model(3, Routing.topK(1), inputs(4, 2, 5));
    Path out = dir.resolve("model");
    Compiled compiled = Compiler.compile(model, out, Layout.COPIED, DType.F32);
    JsonNode m =
        new ObjectMapper().readTree(out.resolve("config.json").toFile()).get("mixture_of_masks");
    assertEquals(2, m.get("format_version").asInt());
    assertEquals("mom-fh", m.get("variant").asText());
    assertEquals(model.masks().activeShare(1), m.get("active_ffn_share").asDouble());
    assertEquals(model.masks().paperShare(), m.get("paper_share").asDouble());
    assertEquals(model.masks().paperShare(), compiled.paperShare().orElseThrow());
    assertEquals(model.masks().keptInputs(1), m.get("kept_inputs").get(1).asDouble());
    String product = String.format(Locale.ROOT, "%.4f", model.masks().paperShare());
    assertTrue(Files.readString(out.resolve("README.md")).contains("R_h x R_FFN " + product));
    StringWriter text = new StringWriter();
    assertEquals(
        0,
        new CommandLine(new InspectVerb()).setOut(new PrintWriter(text)).execute(out.toString()));
    String shown = text.toString();
    assertTrue(shown.contains("mom-fh, 5 experts (masks) a layer, layout copied"), shown);
    assertTrue(shown.contains("the largest of 5 linear scores, weights that sum to 1"), shown);
    assertTrue(shown.contains("the paper's R_h x R_FFN is"), shown);
  }

  @Test
  void theLayoutRunsIsRefusedAndNothingIsWritten() {
    SparseModel model = model(3, Routing.topK(1), inputs(4, 2, 5));
    Path out = dir.resolve("model");
    UserError error =
        assertThrows(UserError.class, () -> Compiler.compile(model, out, Layout.RUNS, DType.F32));
    assertTrue(error.getMessage().contains("takes --layout copied"), error.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void severalExpertsATokenHaveNoInputMasks() {
    boolean[][][] inputs = inputs(4, 2, 5);
    assertThrows(IllegalArgumentException.class, () -> model(3, Routing.topK(2), inputs));
    assertThrows(IllegalArgumentException.class, () -> model(3, Routing.threshold(5, .5), inputs));
    assertThrows(
        IllegalArgumentException.class, () -> model(3, Routing.topK(1), new boolean[2][5][D + 1]));
  }
}
