package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

/** What callers may rely on besides the arithmetic. */
class ModelTest {
  @TempDir Path folder;
  private Model llama;

  @BeforeEach
  void open() throws IOException {
    Random random = new Random(1);
    RandomModel model =
        new RandomModel(random, 32, 64, 8, 1, true, RandomModel.masks(random, 64, 0.5, 0.5, 0.5));
    llama = Model.open(model.write(folder, "runs"), new LoadOptions(WeightType.AUTO, 2));
  }

  @AfterEach
  void close() {
    llama.close();
  }

  @Test
  void aTokenOutsideTheVocabularyIsNamedAndLeavesTheStateAsItWas() {
    ModelState state = llama.newState(10);
    for (int bad : new int[] {-1, RandomModel.VOCABULARY}) {
      UserError e =
          assertThrows(UserError.class, () -> llama.forward(state, new int[] {1, bad}, 0, 2));
      assertEquals(
          "token 1 of the text is id %d, outside the model's vocabulary of 53 tokens (0 to 52): %s"
              .formatted(bad, PackedPass.OTHER_TOKENIZER),
          e.getMessage());
      assertEquals(0, state.position());
    }
  }

  @Test
  void aFullContextIsRefusedWithTheNumbers() {
    ModelState state = llama.newState(4);
    llama.forward(state, new int[] {1, 2, 3}, 0, 3);
    UserError e = assertThrows(UserError.class, () -> llama.forward(state, new int[] {1, 2}, 0, 2));
    assertEquals(
        "context exceeded: 3 tokens are there and 2 more do not fit into 4; shorten the prompt or"
            + " ask for a longer context (the model takes 600)",
        e.getMessage());
    llama.forward(state, new int[] {1}, 0, 1);
    assertEquals(4, state.position());
  }

  @Test
  void aContextBeyondTheModelsPositionsIsRefused() {
    for (int bad : new int[] {0, 601}) {
      UserError e = assertThrows(UserError.class, () -> llama.newState(bad));
      assertTrue(
          e.getMessage().startsWith("a context of " + bad + " tokens is outside 1 to 600"),
          e.getMessage());
    }
  }

  @Test
  void aSparseModelComputes512TokensTogetherUnlessTheContextIsShorter() {
    assertEquals(512, llama.newState(600).packLimit());
    assertEquals(100, llama.newState(100).packLimit());
  }

  @Test
  void aStateOfAnotherModelIsRefused() throws IOException {
    try (Model other = Model.open(folder, new LoadOptions(WeightType.AUTO, 1))) {
      ModelState foreign = other.newState(4);
      assertThrows(
          IllegalArgumentException.class, () -> llama.forward(foreign, new int[] {1}, 0, 1));
    }
  }

  @Test
  void resetForgetsTokensAndCounts() {
    ModelState state = llama.newState(8);
    float[] first = llama.forward(state, new int[] {5, 6}, 0, 2).clone();
    state.reset();
    assertEquals(0, state.position());
    assertEquals(0, state.expertLoad().tokens());
    assertArrayEquals(first, llama.forward(state, new int[] {5, 6}, 0, 2));
  }

  @Test
  void mappedWeightsGiveTheSameBits() {
    int[] tokens = {5, 6, 7};
    float[] expected = llama.forward(llama.newState(8), tokens, 0, 3).clone();
    LoadOptions mapped = new LoadOptions(WeightType.AUTO, 2, LoadOptions.Memory.MAPPED);
    try (Model other = Model.open(folder, mapped)) {
      assertTrue(other.description().endsWith("in the mapped file (as asked)"));
      assertArrayEquals(expected, other.forward(other.newState(8), tokens, 0, 3));
    }
  }

  @Test
  void theDescriptionNamesKernelThreadsAndWeights() {
    assertTrue(
        llama
            .description()
            .matches(
                "kernels: .+ \\(.+\\); KV cache: f32; threads: 2; weights: bf16, \\d+ bytes, in .+"),
        llama.description());
  }

  @Test
  void interleavedCallersGetWhatTheyGetAlone() throws InterruptedException {
    int callers = 3;
    List<List<Integer>> alone = new ArrayList<>();
    for (int c = 0; c < callers; c++) {
      alone.add(greedy(c));
    }
    List<List<Integer>> together = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int c = 0; c < callers; c++) {
      int caller = c;
      together.add(new ArrayList<>());
      threads.add(new Thread(() -> together.get(caller).addAll(greedy(caller))));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(alone, together);
  }

  private List<Integer> greedy(int caller) {
    ModelState state = llama.newState(600);
    List<Integer> out = new ArrayList<>();
    int[] prompt = {caller + 1, 2 * caller + 3, 7};
    int[] token = {TestModels.argmax(llama.forward(state, prompt, 0, prompt.length))};
    for (int i = 0; i < 200; i++) {
      out.add(token[0]);
      token[0] = TestModels.argmax(llama.forward(state, token, 0, 1));
    }
    return out;
  }
}
