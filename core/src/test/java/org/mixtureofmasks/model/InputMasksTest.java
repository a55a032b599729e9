package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.io.BadCheckpoint;

/** Experts that leave out inputs of the FFN, against the formulas in double. */
class InputMasksTest {
  private static final int D = 37;
  private static final int M = 45;
  private static final double TOLERANCE = 2e-5;

  @TempDir Path folder;

  /**
   * @param neurons density of each expert's neurons
   * @param inputs density of each expert's inputs
   */
  record Case(
      String name, boolean bf16, Routing.Weights weights, double[] neurons, double[] inputs) {
    @Override
    public String toString() {
      return name + ", " + weights + (bf16 ? ", bf16" : ", f32");
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (boolean bf16 : new boolean[] {false, true}) {
      for (Routing.Weights weights : Routing.Weights.values()) {
        add(cases, "half of both", bf16, weights, new double[] {.5, .6, .4, .5}, .5, .4, .6, .5);
        add(cases, "no and all inputs", bf16, weights, new double[] {.5, .5, .5}, 0, 1, .3);
        add(cases, "no and all neurons", bf16, weights, new double[] {0, 1, .5}, .5, .5, 1);
        add(cases, "nothing at all", bf16, weights, new double[] {0, 0}, 0, 0);
      }
    }
    return cases;
  }

  private static void add(
      List<Case> cases,
      String name,
      boolean bf16,
      Routing.Weights weights,
      double[] neurons,
      double... inputs) {
    cases.add(new Case(name, bf16, weights, neurons, inputs));
  }

  private static RandomModel model(Case c, Random random) {
    Routing routing = new Routing(Routing.Score.LINEAR, Routing.Select.TOP_K, 1, 0, c.weights);
    RandomModel model =
        new RandomModel(random, D, M, 6, routing, c.bf16, RandomModel.masks(random, M, c.neurons));
    model.inputMasks = RandomModel.masks(random, D, c.inputs);
    return model;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void copiedAndMaskedGiveTheReferenceInBatchesAndTokenByToken(Case c) throws IOException {
    Random random = new Random(c.toString().hashCode());
    RandomModel model = model(c, random);
    int[] tokens = random.ints(29, 0, RandomModel.VOCABULARY).toArray();
    ReferenceModel reference = new ReferenceModel(model);
    double[][] expected = reference.logits(tokens);
    double share = reference.weights / (3.0 * D * M * tokens.length * RandomModel.LAYERS);
    for (String layout : List.of("copied", "masked")) {
      try (Model llama = open(model, layout)) {
        ModelState batched = llama.newState(32);
        llama.forwardEach(
            batched, tokens, 0, tokens.length, (t, row) -> check(layout, expected[t], row));
        ModelState single = llama.newState(32);
        for (int t = 0; t < tokens.length; t++) {
          check(layout + " one by one", expected[t], llama.forward(single, tokens, t, 1));
        }
        assertEquals(share, batched.expertLoad().activeFfnShare(), 1e-9, layout);
        assertEquals(share, single.expertLoad().activeFfnShare(), 1e-9, layout);
        assertArrayEquals(batched.expertLoad().counts(), single.expertLoad().counts());
      }
    }
  }

  private static void check(String what, double[] expected, float[] row) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], row[i], TOLERANCE * largest, what + ", id " + i);
    }
  }

  private Model open(RandomModel model, String layout) throws IOException {
    return Model.open(
        model.write(folder.resolve(layout), layout), new LoadOptions(WeightType.AUTO, 2));
  }

  @Test
  void bytesPerTokenAndOfTheModelLeaveOutWhatIsMasked() throws IOException {
    RandomModel model = model(cases().get(0), new Random(3));
    RandomModel whole = model(cases().get(0), new Random(3));
    whole.inputMasks = null;
    double kept = 0; // weights of the mean expert, both layers
    long all = 0;
    for (int l = 0; l < RandomModel.LAYERS; l++) {
      for (int e = 0; e < 4; e++) {
        int in = count(model.inputMasks[l][e]);
        int mid = count(model.masks[l][e]);
        kept += (2.0 * in * mid + mid * D) / 4;
        all += 2L * in * mid + (long) mid * D;
      }
    }
    try (Model llama = open(model, "copied");
        Model dense = open(whole, "dense")) {
      long routers = 2L * 4 * 4 * D;
      long rest = dense.weightBytes() - 4L * 2 * 3 * D * M + routers;
      assertEquals(rest + 4 * all, llama.weightBytes());
      long others = dense.bytesPerToken() - 4L * 2 * 3 * D * M + routers;
      assertEquals(Math.round(others + 4 * kept), llama.bytesPerToken());
      ModelState state = llama.newState(32);
      llama.forward(state, new int[] {1, 2, 3, 4, 5, 6, 7, 8}, 0, 8);
      double measured = state.expertLoad().activeFfnShare() * 2 * 3 * D * M;
      assertEquals(Math.round(others + 4 * measured), llama.bytesPerToken(state.expertLoad()));
    }
  }

  private static int count(boolean[] mask) {
    int n = 0;
    for (boolean on : mask) {
      n += on ? 1 : 0;
    }
    return n;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sizes | 38 1 1 1 1 1 1 1 | expert 0 has 38 inputs and 1 neurons",
        "sizes | 1 46 1 1 1 1 1 1 | expert 0 has 1 inputs and 46 neurons",
        "sizes | 1 1 -1 1 1 1 1 1 | expert 1 has -1 inputs and 1 neurons",
        "sizes | 1 1 0 1 1 1 1 1 | expert 1 has 0 inputs and 1 neurons",
        "sizes | 0 0 0 0 0 0 0 0 | its experts only 0",
        "inputs | 3 | ends within expert 0",
      })
  void sizesThatDoNotFitTheFileAreRefused(String tensor, String numbers, String reason)
      throws IOException {
    int[] values = Arrays.stream(numbers.trim().split(" ")).mapToInt(Integer::parseInt).toArray();
    Path written = model(cases().get(0), new Random(3)).write(folder.resolve("model"), "copied");
    TensorSource replacement =
        tensor.equals("sizes")
            ? TensorSource.ofInts(values, 4, 2)
            : TensorSource.ofInts(values, values.length);
    replace(written, "model.layers.0.mlp.experts." + tensor, replacement);
    assertTrue(refusal(written).contains(reason), refusal(written));
  }

  @ParameterizedTest
  @CsvSource({
    "gate_up, 5, ends within expert 0",
    "gate_up, 99999, 'has 99999 elements, its experts only '",
    "down, 36, ends within expert 0",
    "down, 99999, 'has 99999 elements, its experts only '"
  })
  void weightsThatAreShorterOrLongerThanTheExpertsAreRefused(
      String tensor, int length, String reason) throws IOException {
    Path written = model(cases().get(0), new Random(3)).write(folder.resolve("model"), "copied");
    String name = "model.layers.1.mlp.experts." + tensor;
    replace(written, name, TensorSource.of(new float[length], length));
    assertTrue(refusal(written).contains(reason), refusal(written));
  }

  @Test
  void inputsOutOfOrderOrOfRangeAreRefused() throws IOException {
    RandomModel model = model(cases().get(0), new Random(3));
    int total = 0;
    for (boolean[] mask : model.inputMasks[0]) {
      total += count(mask);
    }
    for (int wrong : new int[] {-1, D, 0}) {
      Path written = model.write(folder.resolve("wrong" + wrong), "copied");
      int[] values = new int[total];
      Arrays.fill(values, wrong);
      replace(written, "model.layers.0.mlp.experts.inputs", TensorSource.ofInts(values, total));
      assertTrue(refusal(written).contains("not ascending and below 37"), refusal(written));
    }
  }

  @Test
  void theLayoutRunsHoldsNone() throws IOException {
    Path written = model(cases().get(0), new Random(3)).write(folder.resolve("model"), "runs");
    assertEquals("layout \"runs\" holds no input masks; copied and masked do", refusal(written));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[37, 37] | [37] | 'kept_inputs' is [37], expected is 2 numbers from 0 to hidden_size 37",
        "[37, 37] | [1, 38] | 'kept_inputs' is [1,38], expected is 2 numbers from 0 to hidden_size 37",
        "[37, 37] | [1, \"a\"] | 'kept_inputs' is [1,\"a\"], expected is 2 numbers from 0 to hidden_size 37",
        "\"paper_share\": 0.25 | \"paper_share\": 2 | 'paper_share' is 2, expected is a share from 0 to 1",
        "\"format_version\": 2 | \"format_version\": 1 | 'format_version' is 1, expected is 2 for a model with kept_inputs",
        "tok\": 1 | tok\": 2 | 'num_experts_per_tok' is 2, expected is 1, of top_k, for a model with kept_inputs",
      })
  void membersThatDoNotFitAreRefused(String right, String wrong, String reason) throws IOException {
    Path written = model(cases().get(0), new Random(3)).write(folder.resolve("model"), "copied");
    Path config = written.resolve("config.json");
    String text = Files.readString(config);
    assertTrue(text.contains(right), text);
    Files.writeString(config, text.replace(right, wrong));
    assertEquals(reason, refusal(written));
  }

  private static void replace(Path model, String name, TensorSource replacement) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      checkpoint.tensors().forEach((n, t) -> tensors.put(n, TensorSource.of(t)));
      tensors.put(name, replacement);
      SafetensorsWriter.write(model.resolve("model.safetensors"), Map.of(), tensors);
    }
  }

  private static String refusal(Path model) {
    BadCheckpoint e =
        assertThrows(BadCheckpoint.class, () -> Model.open(model, LoadOptions.defaults()).close());
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    return e.reason();
  }
}
