package org.mixtureofmasks.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.Compiled;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ExpertLayout;
import org.mixtureofmasks.format.Families;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.format.SparseModel;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.model.WeightType;

class CompilerTest {
  static final int D = 16;
  static final int M = 24;
  private static final int VOCAB = 40;

  @TempDir Path dir;

  private static StoredTensor random(SplittableRandom r, String name, long... shape) {
    int n = 1;
    for (long s : shape) {
      n *= (int) s;
    }
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      // Values that bf16 holds, so that both dtypes store the same model.
      double v = name.contains("norm") ? 1 + 0.1 * r.nextGaussian() : 0.3 * r.nextGaussian();
      values[i] = Elements.fromBf16(Elements.bf16((float) v));
    }
    List<Long> dims = new ArrayList<>();
    for (long s : shape) {
      dims.add(s);
    }
    return new StoredTensor(
        name, DType.F32, dims, MemorySegment.ofArray(values), Path.of("made"), 0);
  }

  /** A tiny dense model with masks for each of its layers. */
  static SparseModel model(int seed, int k, boolean[][][] masks) {
    return model(seed, Routing.topK(k), masks);
  }

  static SparseModel model(int seed, Routing routing, boolean[][][] masks) {
    SplittableRandom r = new SplittableRandom(seed);
    Map<String, StoredTensor> weights = new LinkedHashMap<>();
    List<StoredTensor> all = new ArrayList<>();
    all.add(random(r, "model.embed_tokens.weight", VOCAB, D));
    List<float[]> routers = new ArrayList<>();
    for (int l = 0; l < masks.length; l++) {
      String p = "model.layers." + l + ".";
      all.add(random(r, p + "input_layernorm.weight", D));
      all.add(random(r, p + "self_attn.q_proj.weight", D, D));
      all.add(random(r, p + "self_attn.k_proj.weight", D / 2, D));
      all.add(random(r, p + "self_attn.v_proj.weight", D / 2, D));
      all.add(random(r, p + "self_attn.o_proj.weight", D, D));
      all.add(random(r, p + "post_attention_layernorm.weight", D));
      all.add(random(r, p + "mlp.gate_proj.weight", M, D));
      all.add(random(r, p + "mlp.up_proj.weight", M, D));
      all.add(random(r, p + "mlp.down_proj.weight", D, M));
      float[] router = new float[routing.routerRows(masks[l].length) * D];
      for (int i = 0; i < router.length; i++) {
        router[i] = (float) r.nextGaussian();
      }
      routers.add(router);
    }
    all.add(random(r, "model.norm.weight", D));
    all.forEach(t -> weights.put(t.name(), t));
    ObjectNode config = new ObjectMapper().createObjectNode();
    config.put("model_type", "llama").put("hidden_size", D).put("intermediate_size", M);
    config.put("num_hidden_layers", masks.length).put("num_attention_heads", 4);
    config.put("num_key_value_heads", 2).put("vocab_size", VOCAB);
    config.put("max_position_embeddings", 32).put("rms_norm_eps", 1e-5);
    config.put("tie_word_embeddings", true).put("hidden_act", "silu").put("rope_theta", 10000.0);
    config.put("torch_dtype", "float32");
    ShippedExperts experts = new ShippedExperts(TestMasks.of(masks), routers, routing);
    return new SparseModel(config, weights, experts, "mom", 0.5, "sha256:made", Optional.empty());
  }

  static boolean[][][] masks(int seed, int layers, int experts) {
    SplittableRandom r = new SplittableRandom(seed);
    boolean[][][] masks = new boolean[layers][experts][M];
    for (boolean[][] layer : masks) {
      double density = r.nextDouble();
      for (boolean[] mask : layer) {
        boolean empty = r.nextInt(6) == 0;
        boolean full = r.nextInt(6) == 0;
        for (int j = 0; j < M; j++) {
          mask[j] = full || !empty && r.nextDouble() < density;
        }
      }
    }
    return masks;
  }

  /** What the engine says about a folder. */
  static float[][] logits(Path folder) {
    int[] tokens = {3, 17, 3, 39, 0, 21, 8, 8, 30, 11};
    float[][] all = new float[tokens.length][];
    try (Model llama = Model.open(folder, new LoadOptions(WeightType.AUTO, 1))) {
      ModelState state = llama.newState(32);
      llama.forwardEach(state, tokens, 0, tokens.length, (i, row) -> all[i] = row.clone());
    }
    return all;
  }

  @Test
  void allLayoutsComputeTheSameInTheEngine() {
    for (int seed = 0; seed < 12; seed++) {
      int experts = seed % 4 == 3 ? 1 : 5;
      int k = experts == 1 ? 1 : 1 + seed % 2;
      SparseModel model = model(seed, k, masks(seed, 2, experts));
      DType dtype = seed % 3 == 0 ? DType.BF16 : DType.F32;
      Path at = dir.resolve("seed" + seed);
      for (Layout layout : Layout.values()) {
        Compiler.compile(model, at.resolve(layout.word()), layout, dtype);
      }
      float[][] masked = logits(at.resolve("masked"));
      for (Layout layout : List.of(Layout.RUNS, Layout.COPIED)) {
        float[][] compiled = logits(at.resolve(layout.word()));
        for (int t = 0; t < masked.length; t++) {
          assertArrayEquals(masked[t], compiled[t], 2e-4f, layout + " of seed " + seed);
        }
      }
    }
  }

  @Test
  void everyRoutingIsCompiledAndComputesTheSameInAllLayouts() throws IOException {
    List<Routing> routings =
        List.of(
            Routing.unscaled(3),
            Routing.threshold(5, 0.5),
            new Routing(Routing.Score.SWIGLU, Routing.Select.TOP_K, 2, 0, Routing.Weights.ONES),
            new Routing(
                Routing.Score.SWIGLU, Routing.Select.THRESHOLD, 5, 0.6, Routing.Weights.NORMALISED),
            new Routing(
                Routing.Score.LINEAR, Routing.Select.TOP_K, 1, 0, Routing.Weights.SIGMOID_RESCALED),
            new Routing(
                Routing.Score.LINEAR, Routing.Select.THRESHOLD, 5, 0.9, Routing.Weights.ONES));
    for (int i = 0; i < routings.size(); i++) {
      SparseModel model = model(i, routings.get(i), masks(i, 2, 5));
      float[][] masked = null;
      for (Layout layout : List.of(Layout.MASKED, Layout.RUNS, Layout.COPIED)) {
        Path out = dir.resolve(i + layout.word());
        Compiled compiled = Compiler.compile(model, out, layout, DType.F32);
        JsonNode written =
            new ObjectMapper()
                .readTree(out.resolve("config.json").toFile())
                .get("mixture_of_masks");
        assertEquals(2, written.get("format_version").asInt());
        assertEquals(compiled.activeFfnShare(), written.get("active_ffn_share").asDouble());
        try (Checkpoint checkpoint = Checkpoints.open(out)) {
          assertEquals(
              routings.get(i),
              ConfigReader.read(checkpoint).mixtureOfMasks().orElseThrow().routing());
        }
        float[][] logits = logits(out);
        masked = masked == null ? logits : masked;
        for (int t = 0; t < masked.length; t++) {
          assertArrayEquals(masked[t], logits[t], 2e-4f, layout + ", " + routings.get(i));
        }
      }
    }
  }

  @Test
  void theDefaultRoutingIsNotWrittenSoThatOlderReadersReadIt() throws IOException {
    Path out = dir.resolve("default");
    Compiler.compile(model(1, 2, masks(1, 1, 3)), out, Layout.RUNS, DType.F32);
    JsonNode m =
        new ObjectMapper().readTree(out.resolve("config.json").toFile()).get("mixture_of_masks");
    assertEquals(1, m.get("format_version").asInt());
    assertFalse(m.has("routing"));
  }

  @Test
  void withAThresholdTheWrittenShareIsTheTarget() {
    SparseModel model = model(2, Routing.threshold(5, 0.5), masks(2, 2, 5));
    assertEquals(
        0.5,
        Compiler.compile(model, dir.resolve("gates"), Layout.RUNS, DType.F32).activeFfnShare());
  }

  @Test
  void theFilesHoldWhatTheFormatSays() throws IOException {
    boolean[][][] masks = masks(3, 2, 5);
    SparseModel model = model(3, 1, masks);
    Path out = dir.resolve("model");
    Compiled compiled = Compiler.compile(model, out, Layout.RUNS, DType.F32);
    JsonNode config = new ObjectMapper().readTree(out.resolve("config.json").toFile());
    assertEquals("mixture_of_masks", config.get("model_type").asText());
    assertEquals(5, config.get("mixture_of_masks").get("num_experts").asInt());
    assertEquals("runs", config.get("mixture_of_masks").get("layout").asText());
    assertEquals("sha256:made", config.get("mixture_of_masks").get("parent").asText());
    try (Checkpoint checkpoint = Checkpoints.open(out)) {
      for (int l = 0; l < 2; l++) {
        String p = "model.layers." + l + ".mlp.";
        ExpertLayout layout = compiled.layers().get(l);
        StoredTensor neurons = checkpoint.tensors().get(p + "neurons");
        assertEquals(List.of((long) layout.live(), 3L, (long) D), neurons.shape());
        float[] records = Elements.toFloats(neurons);
        float[] gate = Elements.toFloats(model.weights().get(p + "gate_proj.weight"));
        float[] up = Elements.toFloats(model.weights().get(p + "up_proj.weight"));
        float[] down = Elements.toFloats(model.weights().get(p + "down_proj.weight"));
        for (int i = 0; i < layout.live(); i++) {
          int j = layout.order()[i];
          for (int c = 0; c < D; c++) {
            assertEquals(gate[j * D + c], records[(i * 3) * D + c]);
            assertEquals(up[j * D + c], records[(i * 3 + 1) * D + c]);
            assertEquals(down[c * M + j], records[(i * 3 + 2) * D + c]);
          }
        }
        assertArrayEquals(
            layout.offsets(), Elements.toInts(checkpoint.tensors().get(p + "experts.offsets")));
        assertArrayEquals(
            model.experts().routers().get(l),
            Elements.toFloats(checkpoint.tensors().get(p + "router.weight")));
        assertFalse(checkpoint.tensors().containsKey(p + "gate_proj.weight"));
        assertEquals(layout.live(), config.at("/mixture_of_masks/live_neurons").get(l).asInt());
        assertEquals(layout.shared(), config.at("/mixture_of_masks/shared_neurons").get(l).asInt());
      }
      assertEquals(
          compiled.sizes().tensorBytes(),
          checkpoint.tensors().values().stream().mapToLong(t -> t.data().byteSize()).sum());
    }
    byte[] head = Files.readAllBytes(out.resolve("model.safetensors"));
    long header = MemorySegment.ofArray(head).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    assertEquals(8 + header + compiled.sizes().tensorBytes(), head.length);
    assertTrue(Files.readString(out.resolve("README.md")).contains("5 masks"));
  }

  @Test
  void sizesOfBothLayoutsAreComputedAsTheFilesHaveThem() {
    for (int seed = 20; seed < 26; seed++) {
      SparseModel model = model(seed, 1, masks(seed, 2, 5));
      for (DType dtype : List.of(DType.F32, DType.BF16)) {
        Path at = dir.resolve(seed + dtype.name());
        Compiled runs = Compiler.compile(model, at.resolve("runs"), Layout.RUNS, dtype);
        Compiled copied = Compiler.compile(model, at.resolve("copied"), Layout.COPIED, dtype);
        assertEquals(runs.sizes().tensorBytes(), runs.sizes().runsBytes().orElseThrow());
        assertEquals(copied.sizes().tensorBytes(), copied.sizes().copiedBytes());
        assertEquals(runs.sizes().copiedBytes(), copied.sizes().copiedBytes());
        assertEquals(runs.sizes().runsBytes(), copied.sizes().runsBytes());
        long removed = 3L * D * runs.layers().stream().mapToLong(ExpertLayout::redundant).sum();
        long routers = 2L * 5 * D;
        assertEquals(runs.sizes().denseParameters() - removed + routers, runs.sizes().parameters());
      }
    }
  }

  @Test
  void aFolderThatExistsIsRefusedAndLeftAlone() throws IOException {
    Path out = dir.resolve("there");
    Files.createDirectories(out);
    Files.writeString(out.resolve("mine.txt"), "kept");
    SparseModel model = model(1, 1, masks(1, 1, 2));
    UserError error =
        assertThrows(UserError.class, () -> Compiler.compile(model, out, Layout.RUNS, DType.F32));
    assertTrue(error.getMessage().contains("exists already"), error.getMessage());
    assertEquals("kept", Files.readString(out.resolve("mine.txt")));
    try (var entries = Files.list(dir)) {
      assertEquals(List.of(out), entries.toList());
    }
  }

  @Test
  void aMissingTensorIsNamedAndNothingIsWritten() {
    SparseModel model = model(1, 1, masks(1, 1, 2));
    model.weights().remove("model.layers.0.mlp.up_proj.weight");
    Path out = dir.resolve("missing");
    UserError error =
        assertThrows(UserError.class, () -> Compiler.compile(model, out, Layout.RUNS, DType.F32));
    assertTrue(error.getMessage().contains("model.layers.0.mlp.up_proj.weight"));
    assertFalse(Files.exists(out));
  }

  @Test
  void whatMakesTextsOfTokensTravelsAlong() throws IOException {
    SparseModel made = model(1, 1, masks(1, 1, 2));
    Path dense = Files.createDirectory(dir.resolve("dense"));
    List<String> names = List.of("chat_template.jinja", "generation_config.json", "tokenizer.json");
    for (String name : names) {
      Files.writeString(dense.resolve(name), "{\"name\": \"" + name + "\"}");
    }
    Files.writeString(dense.resolve("notes.txt"), "mine");
    SparseModel model =
        new SparseModel(
            made.config(),
            made.weights(),
            made.experts(),
            made.variant(),
            made.target(),
            made.parent(),
            Optional.of(dense));
    Path out = dir.resolve("model");
    Compiler.compile(model, out, Layout.RUNS, DType.F32);
    for (String name : names) {
      assertEquals(
          Files.readString(dense.resolve(name)), Files.readString(out.resolve(name)), name);
    }
    assertFalse(Files.exists(out.resolve("notes.txt")));
  }

  @Test
  void aMistralStaysOneAndOlderReadersRefuseIt() throws IOException {
    SparseModel model = model(2, 2, masks(2, 2, 5));
    Path llama = dir.resolve("llama");
    Compiler.compile(model, llama, Layout.RUNS, DType.F32);
    model.config().put("model_type", "mistral").putNull("sliding_window");
    Path mistral = dir.resolve("mistral");
    Compiler.compile(model, mistral, Layout.RUNS, DType.F32);
    try (Checkpoint checkpoint = Checkpoints.open(mistral)) {
      assertEquals(Families.named("mistral"), ConfigReader.read(checkpoint).family());
      assertEquals(3, checkpoint.metadata().at("/mixture_of_masks/format_version").intValue());
    }
    float[][] expected = logits(llama);
    float[][] actual = logits(mistral);
    for (int t = 0; t < expected.length; t++) {
      assertArrayEquals(expected[t], actual[t]);
    }
  }
}
