package org.mixtureofmasks.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.format.ShippedThresholds.Choice;
import org.mixtureofmasks.format.TokenMaskWriter;

/** A small random mixture of masks that writes itself in every layout. */
final class RandomModel {
  static final int LAYERS = 2;
  static final int HEADS = 4;
  static final int KV_HEADS = 2;
  static final int VOCABULARY = 53;

  final int d;
  final int m;
  final int headDim;
  final int experts;
  final Routing routing;
  final boolean bf16;
  final boolean[][][] masks; // layer, expert, neuron
  boolean[][][] inputMasks; // layer, expert, input; null when all are read
  float[][]
      thresholds; // layer, (inputs, neurons, whole inputs of a preview); null without token masks
  final Map<String, float[]> weights = new LinkedHashMap<>();
  private final Map<String, long[]> shapes = new LinkedHashMap<>();

  RandomModel(Random random, int d, int m, int headDim, int k, boolean bf16, boolean[][][] masks) {
    this(random, d, m, headDim, Routing.topK(k), bf16, masks);
  }

  RandomModel(
      Random random,
      int d,
      int m,
      int headDim,
      Routing routing,
      boolean bf16,
      boolean[][][] masks) {
    this.d = d;
    this.m = m;
    this.headDim = headDim;
    this.experts = masks[0].length;
    this.routing = routing;
    this.bf16 = bf16;
    this.masks = masks;
    add(random, "model.embed_tokens.weight", 1, VOCABULARY, d);
    add(random, "model.norm.weight", 1, d);
    add(random, "lm_head.weight", 0.4, VOCABULARY, d);
    for (int l = 0; l < LAYERS; l++) {
      String p = "model.layers." + l + ".";
      add(random, p + "input_layernorm.weight", 1, d);
      add(random, p + "post_attention_layernorm.weight", 1, d);
      add(random, p + "self_attn.q_proj.weight", 0.3, HEADS * headDim, d);
      add(random, p + "self_attn.k_proj.weight", 0.3, KV_HEADS * headDim, d);
      add(random, p + "self_attn.v_proj.weight", 0.3, KV_HEADS * headDim, d);
      add(random, p + "self_attn.o_proj.weight", 0.3, d, HEADS * headDim);
      add(random, p + "mlp.gate_proj.weight", 0.3, m, d);
      add(random, p + "mlp.up_proj.weight", 0.3, m, d);
      add(random, p + "mlp.down_proj.weight", 0.3, d, m);
      // SwiGLU scores are products: smaller, or weights fall below the smallest float.
      double scale = routing.score() == Routing.Score.SWIGLU ? 0.3 : 1;
      add(random, p + "mlp.router.weight", scale, routing.routerRows(experts), d);
    }
  }

  /** Masks of which each neuron is on with the given probability; 0 and 1 give empty and full. */
  static boolean[][][] masks(Random random, int m, double... density) {
    boolean[][][] masks = new boolean[LAYERS][density.length][m];
    for (boolean[][] layer : masks) {
      for (int e = 0; e < density.length; e++) {
        for (int j = 0; j < m; j++) {
          layer[e][j] = random.nextDouble() < density[e];
        }
      }
    }
    return masks;
  }

  private void add(Random random, String name, double scale, long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < values.length; i++) {
      float value = (float) (random.nextGaussian() * scale);
      values[i] = bf16 && !exact(name) ? Elements.fromBf16(Elements.bf16(value)) : value;
    }
    weights.put(name, values);
    shapes.put(name, shape);
  }

  private static boolean exact(String name) {
    return name.endsWith("router.weight") || name.endsWith("norm.weight");
  }

  private TensorSource source(String name) {
    return bf16 && !exact(name)
        ? TensorSource.ofBf16(weights.get(name), shapes.get(name))
        : TensorSource.of(weights.get(name), shapes.get(name));
  }

  /** Writes the folder; layouts "dense", "tokens" and "preview" leave routers and masks out. */
  Path write(Path folder, String layout) throws IOException {
    if (layout.equals("tokens") || layout.equals("preview")) {
      Path dense = write(folder.resolveSibling(folder.getFileName() + "-dense"), "dense");
      return writeTokenMasks(
          dense, folder, layout.equals("tokens") ? Choice.INPUTS : Choice.PREVIEW);
    }
    Files.createDirectories(folder);
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    for (String name : weights.keySet()) {
      boolean ffn = name.matches(".*mlp\\.(gate|up|down)_proj.weight");
      boolean router = name.endsWith("router.weight");
      if (layout.equals("dense") ? !router : !ffn || layout.equals("masked")) {
        tensors.put(name, source(name));
      }
    }
    List<Integer> live = new ArrayList<>();
    List<Integer> shared = new ArrayList<>();
    SequencedMap<String, TensorSource> maskTensors = new LinkedHashMap<>();
    for (int l = 0; l < LAYERS; l++) {
      live.add(order(l).length);
      shared.add(shared(l));
      maskTensors.put(
          "layers." + l + ".masks", TensorSource.ofBytes(bytes(masks[l], m), experts, m));
      int[] stored = order(l);
      if (inputMasks != null) {
        byte[] bytes = bytes(inputMasks[l], d);
        maskTensors.put("layers." + l + ".input_masks", TensorSource.ofBytes(bytes, experts, d));
      }
      if (inputMasks != null && layout.equals("copied")) {
        BlockTensors.put(this, l, tensors);
      } else if (layout.equals("runs")) {
        runs(l, stored, tensors);
      } else if (layout.equals("copied")) {
        stored = copied(l, tensors);
      }
      maskTensors.put("layers." + l + ".neuron_order", TensorSource.ofInts(stored, stored.length));
    }
    SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
    SafetensorsWriter.write(folder.resolve("masks.safetensors"), Map.of(), maskTensors);
    Files.writeString(folder.resolve("config.json"), config(layout, live, shared));
    return folder;
  }

  /** What a preview's inputs are compared with. */
  float[] centres() {
    float[] centres = new float[d];
    for (int i = 0; i < d; i++) {
      centres[i] = 0.3f * (float) Math.sin(i);
    }
    return centres;
  }

  /** Above what all bits of a preview are read; of the thresholds of a layer. */
  static float whole(float[] thresholds) {
    return thresholds.length > 2 ? thresholds[2] : thresholds[0];
  }

  /** Writes a folder with token masks of this model's dense one. */
  Path writeTokenMasks(Path dense, Path folder, Choice choice) {
    List<ShippedThresholds.Layer> layers =
        Arrays.stream(thresholds)
            .map(
                t ->
                    new ShippedThresholds.Layer(
                        t[0],
                        t[1],
                        0.5,
                        0.25,
                        Optional.of(new ShippedThresholds.PreviewInputs(centres(), whole(t)))
                            .filter(_ -> choice == Choice.PREVIEW)))
            .toList();
    try (Checkpoint checkpoint = Checkpoints.open(dense)) {
      TokenMaskWriter.write(
          new TokenMaskWriter.Model(
              ConfigReader.description(checkpoint),
              checkpoint.tensors(),
              new ShippedThresholds(choice, layers),
              0.4,
              "sha256:of-nothing",
              dense),
          bf16 ? DType.BF16 : DType.F32,
          folder);
    }
    return folder;
  }

  private int shared(int l) {
    return (int)
        IntStream.range(0, m).filter(j -> Arrays.stream(masks[l]).allMatch(v -> v[j])).count();
  }

  private static byte[] bytes(boolean[][] masks, int columns) {
    byte[] bytes = new byte[masks.length * columns];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (masks[i / columns][i % columns] ? 1 : 0);
    }
    return bytes;
  }

  /** Live neurons, those of the same masks side by side, shared ones first. */
  private int[] order(int l) {
    return IntStream.range(0, m)
        .boxed()
        .filter(j -> signature(l, j).contains("1"))
        .sorted(
            Comparator.comparing((Integer j) -> signature(l, j)).reversed().thenComparing(j -> j))
        .mapToInt(j -> j)
        .toArray();
  }

  private String signature(int l, int j) {
    return Arrays.stream(masks[l]).map(v -> v[j] ? "1" : "0").collect(Collectors.joining());
  }

  private void runs(int l, int[] order, SequencedMap<String, TensorSource> tensors) {
    List<Integer> runs = new ArrayList<>();
    int[] offsets = new int[experts + 1];
    for (int e = 0; e < experts; e++) {
      for (int i = 0; i < order.length; ) {
        int first = i;
        while (i < order.length && masks[l][e][order[i]]) {
          i++;
        }
        if (i > first) {
          runs.addAll(List.of(first, i - first));
        }
        i = Math.max(i, first + 1);
      }
      offsets[e + 1] = runs.size() / 2;
    }
    put(l, order, offsets, runs, tensors);
  }

  private int[] copied(int l, SequencedMap<String, TensorSource> tensors) {
    List<Integer> runs = new ArrayList<>();
    List<Integer> copies = new ArrayList<>();
    int[] offsets = new int[experts + 1];
    for (int e = 0; e < experts; e++) {
      int first = copies.size();
      for (int j = 0; j < m; j++) {
        if (masks[l][e][j]) {
          copies.add(j);
        }
      }
      if (copies.size() > first) {
        runs.addAll(List.of(first, copies.size() - first));
      }
      offsets[e + 1] = runs.size() / 2;
    }
    int[] stored = copies.stream().mapToInt(j -> j).toArray();
    put(l, stored, offsets, runs, tensors);
    return stored;
  }

  private void put(
      int l,
      int[] stored,
      int[] offsets,
      List<Integer> runs,
      SequencedMap<String, TensorSource> tensors) {
    String p = "model.layers." + l + ".mlp.";
    float[] gate = weights.get(p + "gate_proj.weight");
    float[] up = weights.get(p + "up_proj.weight");
    float[] down = weights.get(p + "down_proj.weight");
    float[] records = new float[stored.length * 3 * d];
    for (int i = 0; i < stored.length; i++) {
      System.arraycopy(gate, stored[i] * d, records, 3 * i * d, d);
      System.arraycopy(up, stored[i] * d, records, (3 * i + 1) * d, d);
      for (int c = 0; c < d; c++) {
        records[(3 * i + 2) * d + c] = down[c * m + stored[i]];
      }
    }
    tensors.put(
        p + "neurons",
        bf16
            ? TensorSource.ofBf16(records, stored.length, 3, d)
            : TensorSource.of(records, stored.length, 3, d));
    tensors.put(p + "experts.offsets", TensorSource.ofInts(offsets, offsets.length));
    int[] pairs = runs.stream().mapToInt(i -> i).toArray();
    tensors.put(p + "experts.runs", TensorSource.ofInts(pairs, pairs.length / 2, 2));
  }

  private String config(String layout, List<Integer> live, List<Integer> shared) {
    String common =
        """
        "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d,
        "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d, "vocab_size": %d,
        "max_position_embeddings": 600, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "hidden_act": "silu", "tie_word_embeddings": false, "bos_token_id": 0, "eos_token_id": 0
        """
            .formatted(d, m, LAYERS, HEADS, KV_HEADS, headDim, VOCABULARY);
    if (layout.equals("dense")) {
      return "{\"model_type\": \"llama\", " + common + "}";
    }
    return """
        {"model_type": "mixture_of_masks", %s, "mixture_of_masks": {"format_version": %d,
        "variant": "mom", "layout": "%s", "num_experts": %d, "num_experts_per_tok": %d, %s
        "target": 0.5, "active_ffn_share": 0.5, "live_neurons": %s, "shared_neurons": %s}}
        """
        .formatted(
            common,
            routing.isDefault() && inputMasks == null ? 1 : 2,
            layout,
            experts,
            routing.topK(),
            routingMember() + inputMember(),
            live,
            shared);
  }

  private String inputMember() {
    return inputMasks == null
        ? ""
        : "\"kept_inputs\": [%d, %d], \"paper_share\": 0.25,".formatted(d, d);
  }

  private String routingMember() {
    if (routing.isDefault()) {
      return "";
    }
    String threshold =
        routing.select() == Routing.Select.THRESHOLD
            ? ", \"threshold\": " + routing.threshold()
            : "";
    return "\"routing\": {\"score\": \"%s\", \"select\": \"%s\"%s, \"weights\": \"%s\"},"
        .formatted(
            routing.score().name().toLowerCase(Locale.ROOT),
            routing.select().name().toLowerCase(Locale.ROOT),
            threshold,
            routing.weights().name().toLowerCase(Locale.ROOT));
  }
}
