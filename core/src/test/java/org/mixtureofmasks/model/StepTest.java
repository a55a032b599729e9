package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.ScalarKernels;

/** One more token for each of several texts at once. */
class StepTest {
  private static final int D = 37;
  private static final int M = 75;

  @TempDir Path folder;

  /** A random model, its layout and number of experts a token. */
  record Case(String layout, int k, boolean inputs, WeightType weights, boolean scalar) {}

  static List<Case> cases() {
    return List.of(
        new Case("dense", 1, false, WeightType.BF16, false),
        new Case("dense", 1, false, WeightType.F32, false),
        new Case("dense", 1, false, WeightType.F32, true),
        new Case("runs", 1, false, WeightType.BF16, false),
        new Case("runs", 1, false, WeightType.BF16, true),
        new Case("runs", 2, false, WeightType.F32, false),
        new Case("copied", 2, false, WeightType.BF16, false),
        new Case("masked", 2, false, WeightType.BF16, false),
        new Case("tokens", 1, false, WeightType.BF16, false),
        new Case("tokens", 1, false, WeightType.F32, true),
        new Case("tokens", 1, false, WeightType.INT8, false),
        new Case("preview", 1, false, WeightType.BF16, false),
        new Case("preview", 1, false, WeightType.F32, true),
        new Case("preview", 1, false, WeightType.INT8, false),
        new Case("masked", 1, true, WeightType.BF16, false),
        new Case("copied", 1, true, WeightType.BF16, false));
  }

  private Model open(Case c) throws IOException {
    Random random = new Random(3);
    int m = c.layout.equals("preview") ? 192 : M;
    int d = c.layout.equals("preview") ? 64 : D;
    boolean[][][] masks = RandomModel.masks(random, m, 0.5, 0.4, 0.6, 0.1);
    RandomModel made = new RandomModel(random, d, m, 6, Routing.topK(c.k), true, masks);
    if (c.inputs) {
      made.inputMasks = RandomModel.masks(random, D, 0.5, 0.6, 0.7, 0.4);
    }
    made.thresholds =
        switch (c.layout) {
          case "tokens" -> new float[][] {{0.6f, 0.4f}, {0.3f, -1}};
          case "preview" -> new float[][] {{0.6f, 2, 1}, {0.3f, -1, 0.5f}};
          default -> null;
        };
    Path written = made.write(folder.resolve(c.layout + c.k + c.inputs), c.layout);
    KernelChoice choice =
        c.scalar ? new KernelChoice(new ScalarKernels(), "for a test") : KernelChoice.get();
    return Model.open(written, new LoadOptions(c.weights, 2), choice);
  }

  private static int[] tokens(int seed, int n) {
    return new Random(seed).ints(n, 0, RandomModel.VOCABULARY).toArray();
  }

  /** The logits after each token of a text that is read one by one. */
  private static List<float[]> alone(Model model, int[] text) {
    ModelState state = model.newState(600);
    List<float[]> logits = new ArrayList<>();
    for (int t = 0; t < text.length; t++) {
      logits.add(model.forward(state, text, t, 1).clone());
    }
    return logits;
  }

  private static Model.StepVisitor expecting(List<float[]> expected, String what) {
    return new Model.StepVisitor() {
      @Override
      public void logits(int text, float[] logits) {
        assertArrayEquals(expected.get(text), logits, what + ", text " + text);
      }

      @Override
      public void refused(int text, UserError why) {
        throw why;
      }
    };
  }

  /** 16 texts, of which text i joins at step i / 2 and leaves after step 12 + i / 4. */
  @ParameterizedTest
  @MethodSource("cases")
  void textsThatJoinAndLeaveGetTheBitsOfEachAlone(Case c) throws IOException {
    try (Model model = open(c)) {
      int n = 16;
      List<List<float[]>> alone = new ArrayList<>();
      int[][] texts = new int[n][];
      List<TextState> states = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        texts[i] = tokens(i, 17);
        alone.add(alone(model, texts[i]));
        states.add(model.newText(20));
      }
      Workspace workspace = model.newWorkspace(16);
      for (int step = 0; step < 16; step++) {
        List<TextState> present = new ArrayList<>();
        List<float[]> expected = new ArrayList<>();
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < n; i++) {
          if (step >= i / 2 && step <= 12 + i / 4) {
            int at = states.get(i).position();
            present.add(states.get(i));
            ids.add(texts[i][at]);
            expected.add(alone.get(i).get(at));
          }
        }
        int[] next = ids.stream().mapToInt(id -> id).toArray();
        model.step(workspace, present, next, expecting(expected, "step " + step));
      }
      assertEquals(16 - 7, states.get(14).position());
    }
  }

  @Test
  void moreTextsThanTheWorkspaceHoldsAreComputedInSeveralPasses() throws IOException {
    try (Model model = open(cases().get(3))) {
      List<TextState> states = new ArrayList<>();
      List<float[]> expected = new ArrayList<>();
      int[] next = tokens(1, 7);
      for (int i = 0; i < 7; i++) {
        states.add(model.newText(4));
        expected.add(alone(model, new int[] {next[i]}).getFirst());
      }
      model.step(model.newWorkspace(3), states, next, expecting(expected, "passes of three"));
    }
  }

  @Test
  void aTextThatIsFullOrHasNoSuchTokenIsRefusedAndTheOthersGoOn() throws IOException {
    try (Model model = open(cases().get(3))) {
      int[] text = tokens(1, 3);
      List<float[]> alone = alone(model, text);
      Workspace workspace = model.newWorkspace(8);
      TextState good = model.newText(8);
      TextState full = model.newText(2);
      TextState bad = model.newText(8);
      List<TextState> all = List.of(full, good, bad);
      for (int t = 0; t < 3; t++) {
        List<String> refused = new ArrayList<>();
        List<Integer> served = new ArrayList<>();
        float[] expected = alone.get(t);
        Model.StepVisitor visitor =
            new Model.StepVisitor() {
              @Override
              public void logits(int place, float[] logits) {
                served.add(place);
                if (place == 1) {
                  assertArrayEquals(expected, logits);
                }
              }

              @Override
              public void refused(int place, UserError why) {
                refused.add(place + ": " + why.getMessage());
              }
            };
        model.step(workspace, all, new int[] {text[t], text[t], 1000}, visitor);
        assertTrue(refused.getLast().startsWith("2: "), refused.toString());
        assertTrue(refused.getLast().contains("1000"), refused.toString());
        assertEquals(t == 2 ? List.of(1) : List.of(0, 1), served);
        if (t == 2) {
          assertEquals(
              "0: context exceeded: the text has all the 2 tokens that it can have (the model takes 600)",
              refused.getFirst());
        }
      }
      assertEquals(3, good.position());
      assertEquals(2, full.position());
      assertEquals(0, bad.position());
    }
  }

  @Test
  void textsThatDoNotBelongTogetherAreRefusedBeforeAnythingIsComputed() throws IOException {
    try (Model model = open(cases().get(3));
        Model other = open(cases().get(0))) {
      Workspace w = model.newWorkspace(4);
      TextState text = model.newText(4);
      Model.StepVisitor none = expecting(List.of(), "nothing");
      List<TextState> twice = List.of(text, text);
      assertThrows(
          IllegalArgumentException.class, () -> model.step(w, twice, new int[] {1, 1}, none));
      List<TextState> foreign = List.of(text, other.newText(4));
      assertThrows(
          IllegalArgumentException.class, () -> model.step(w, foreign, new int[] {1, 1}, none));
      List<TextState> one = List.of(text);
      assertThrows(
          IllegalArgumentException.class, () -> model.step(w, one, new int[] {1, 1}, none));
      model.step(w, List.of(), new int[0], none);
      assertEquals(0, text.position());
    }
  }

  @Test
  void twoCallersAtOnceStepTheirOwnTexts() throws Exception {
    try (Model model = open(cases().get(3))) {
      List<FutureTask<Void>> callers = new ArrayList<>();
      for (int c = 0; c < 2; c++) {
        int[][] texts = {tokens(c, 30), tokens(c + 2, 30), tokens(c + 4, 30)};
        List<List<float[]>> alone = new ArrayList<>();
        for (int[] text : texts) {
          alone.add(alone(model, text));
        }
        callers.add(new FutureTask<>(() -> steps(model, texts, alone), null));
      }
      callers.forEach(caller -> new Thread(caller).start());
      for (FutureTask<Void> caller : callers) {
        caller.get(60, TimeUnit.SECONDS);
      }
    }
  }

  private static void steps(Model model, int[][] texts, List<List<float[]>> alone) {
    Workspace workspace = model.newWorkspace(4);
    List<TextState> states = Stream.of(texts).map(text -> model.newText(text.length)).toList();
    for (int t = 0; t < texts[0].length; t++) {
      int at = t;
      int[] next = Stream.of(texts).mapToInt(text -> text[at]).toArray();
      List<float[]> expected = alone.stream().map(logits -> logits.get(at)).toList();
      model.step(workspace, states, next, expecting(expected, "step " + t));
    }
  }

  /** A long prompt is read between the steps of another text; neither notices. */
  @Test
  void aPromptReadInChunksBetweenStepsHasTheBitsOfOneReadAlone() throws IOException {
    try (Model model = open(cases().get(3))) {
      int[] prompt = tokens(5, KvHead.PAGE + 45);
      int[] text = tokens(6, 12);
      int chunk = 32;
      ModelState own = model.newState(600, chunk);
      float[] expected = null;
      while (expected == null) {
        expected = model.readOn(own, prompt, chunk);
      }
      assertArrayEquals(expected, model.forward(model.newState(600, chunk), prompt, 0, 173));
      List<float[]> alone = alone(model, text);

      Workspace shared = model.newWorkspace(64);
      ModelState reading = new ModelState(model.newText(600), shared);
      TextState stepping = model.newText(600);
      float[] logits = null;
      int passes = 0;
      while (logits == null) {
        List<float[]> one = List.of(alone.get(passes));
        model.step(
            shared, List.of(stepping), new int[] {text[passes]}, expecting(one, "pass " + passes));
        logits = model.readOn(reading, prompt, chunk);
        passes++;
        assertEquals(Math.min(chunk * passes, prompt.length), reading.position());
      }
      assertArrayEquals(expected, logits.clone());
      assertThrows(IllegalArgumentException.class, () -> model.readOn(reading, prompt, chunk));
      assertThrows(IllegalArgumentException.class, () -> model.readOn(reading, prompt, 65));
      // After a text went back, its next chunk ends where it would have ended.
      reading.truncate(40);
      assertNull(model.readOn(reading, prompt, chunk));
      assertEquals(64, reading.position());
      assertNotNull(model.readOn(reading, tokens(5, 65), chunk));
    }
  }
}
