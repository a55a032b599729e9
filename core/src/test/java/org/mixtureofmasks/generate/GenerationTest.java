package org.mixtureofmasks.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.model.LayerObserver;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.tokenizer.Tokenizer;

class GenerationTest {
  private static Model model;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() {
    model = Model.open(TestFiles.stories(), LoadOptions.defaults());
    tokenizer = Tokenizer.open(TestFiles.stories());
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    model.close();
  }

  @Test
  void twoHundredGreedyTokensAreThoseOfLlama2c() throws IOException {
    String expected =
        Files.readString(
                TestFiles.resource("/org/mixtureofmasks/models/stories260K.greedy200.expected.txt"))
            .strip();
    GenerationResult result =
        generation(GenerationOptions.greedy(200)).run(tokenizer.encode(""), piece -> {});
    assertEquals(expected, result.text().strip());
    assertEquals(FinishReason.LENGTH, result.finishReason());
  }

  @Test
  void theStreamedPiecesMakeUpTheText() {
    List<String> pieces = new ArrayList<>();
    GenerationResult result = generation(GenerationOptions.greedy(40)).run(prompt(), pieces::add);
    assertEquals(result.text(), String.join("", pieces));
    assertTrue(pieces.size() > 20, pieces.size() + " pieces");
    assertFalse(pieces.contains(""));
    assertEquals(40, result.tokenIds().size());
    assertTrue(result.text().startsWith(","), result.text());
  }

  @Test
  void aStopStringOverTokensEndsTheTextBeforeIt() {
    GenerationResult free = generation(GenerationOptions.greedy(40)).run(prompt(), piece -> {});
    // Part of a word and part of the next: no token has it as a whole.
    String stop = "ly. Sh";
    assertTrue(free.text().contains(stop), free.text());
    List<String> pieces = new ArrayList<>();
    GenerationResult result =
        generation(new GenerationOptions(40, List.of("never", stop), false, Sampling.greedy()))
            .run(prompt(), pieces::add);
    assertEquals(free.text().substring(0, free.text().indexOf(stop)), result.text());
    assertEquals(result.text(), String.join("", pieces));
    assertEquals(FinishReason.STOP, result.finishReason());
    assertEquals(
        free.tokenIds().subList(0, result.tokenIds().size()),
        result.tokenIds(),
        "the tokens of the stop string are generated ones");
  }

  @Test
  void cancellingEndsBeforeTheNextToken() {
    Generation generation = generation(GenerationOptions.greedy(400));
    List<String> pieces = new ArrayList<>();
    GenerationResult result =
        generation.run(
            prompt(),
            piece -> {
              pieces.add(piece);
              if (pieces.size() == 3) {
                generation.cancel();
              }
            });
    assertEquals(3, pieces.size());
    assertEquals(FinishReason.CANCELLED, result.finishReason());
    assertEquals(3, result.tokenIds().size());
  }

  @Test
  void anotherThreadCanCancel() throws Exception {
    Generation generation = generation(GenerationOptions.greedy(400));
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    FutureTask<GenerationResult> task =
        new FutureTask<>(
            () ->
                generation.run(
                    prompt(),
                    piece -> {
                      begun.countDown();
                      try {
                        cancelled.await();
                      } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                      }
                    }));
    Thread.ofPlatform().start(task);
    begun.await();
    generation.cancel();
    cancelled.countDown();
    assertEquals(FinishReason.CANCELLED, task.get().finishReason());
    assertEquals(1, task.get().tokenIds().size());
  }

  @Test
  void whatIsCancelledBeforeItBeginsHasNoTokens() {
    Generation generation = generation(GenerationOptions.greedy(10));
    generation.cancel();
    GenerationResult result = generation.run(prompt(), piece -> {});
    assertEquals(List.of(), result.tokenIds());
    assertTrue(result.promptTokensPerSecond().isEmpty());
  }

  @Test
  void aLongPromptGivesWhatTheSameTokensGiveOneByOne() {
    GenerationResult whole = generation(GenerationOptions.greedy(300)).run(prompt(), piece -> {});
    int split = 250; // more than one pass
    List<Integer> all = new ArrayList<>(whole.promptTokenIds());
    all.addAll(whole.tokenIds().subList(0, split));
    GenerationResult rest =
        generation(GenerationOptions.greedy(50))
            .run(all.stream().mapToInt(i -> i).toArray(), piece -> {});
    assertEquals(whole.tokenIds().subList(split, 300), rest.tokenIds());
  }

  @Test
  void aPromptRunsInThePassesOfItsState() {
    List<Integer> passes = new ArrayList<>();
    ModelState state = model.newState(300, 140);
    state.observe(ofFirstLayer(passes::add));
    float[] logits = generation(GenerationOptions.greedy(1)).processPrompt(state, new int[300]);
    assertEquals(List.of(140, 140, 20), passes);
    assertArrayEquals(model.forward(model.newState(300, 140), new int[300], 0, 300), logits);
  }

  @Test
  void cancellingEndsAPromptBeforeItsNextPass() {
    Generation generation = generation(GenerationOptions.greedy(1));
    ModelState state = model.newState(300, 140);
    state.observe(ofFirstLayer(tokens -> generation.cancel()));
    generation.processPrompt(state, new int[300]);
    assertEquals(140, state.position());
  }

  /** Hears how many tokens each pass has. */
  private static LayerObserver ofFirstLayer(IntConsumer tokens) {
    return new LayerObserver() {
      @Override
      public void computed(int layer, int n, float[] inputs, float[] outputs) {
        if (layer == 0) {
          tokens.accept(n);
        }
      }
    };
  }

  @Test
  void theSeedDecidesASampledText() {
    assertEquals(sampled(1).tokenIds(), sampled(1).tokenIds());
    assertNotEquals(sampled(1).tokenIds(), sampled(2).tokenIds());
  }

  @Test
  void oneModelServesTwoThreadsAtOnce() throws Exception {
    List<Integer> expected = sampled(3).tokenIds();
    List<FutureTask<GenerationResult>> tasks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      FutureTask<GenerationResult> task = new FutureTask<>(() -> sampled(3));
      tasks.add(task);
      Thread.ofPlatform().start(task);
    }
    for (FutureTask<GenerationResult> task : tasks) {
      assertEquals(expected, task.get().tokenIds());
    }
  }

  @Test
  void aContextThatIsExceededIsReportedWithTheLimitAndWhatIsLeft() {
    UserError error =
        assertThrows(
            UserError.class,
            () -> generation(GenerationOptions.greedy(510)).run(prompt(), piece -> {}));
    assertEquals(
        "the model's context is 512 tokens, but the prompt has 5 and 510 more are asked for: ask"
            + " for at most 507",
        error.getMessage());
    UserError tooLong =
        assertThrows(
            UserError.class,
            () -> generation(GenerationOptions.greedy(1)).run(new int[512], piece -> {}));
    assertTrue(tooLong.getMessage().endsWith("shorten the prompt"), tooLong.getMessage());
  }

  @Test
  void theWholeContextCanBeUsed() {
    GenerationOptions options = new GenerationOptions(507, List.of(), true, Sampling.greedy());
    assertEquals(507, generation(options).run(prompt(), piece -> {}).tokenIds().size());
  }

  @Test
  void aTokenIdOutsideTheVocabularyIsReportedWithItsPlace() {
    UserError error =
        assertThrows(
            UserError.class,
            () -> generation(GenerationOptions.greedy(1)).run(new int[] {1, 512}, piece -> {}));
    assertEquals(
        "token 1 of the prompt is id 512, outside the model's vocabulary of 512 tokens (0 to 511):"
            + " was it made by another model's tokenizer?",
        error.getMessage());
  }

  @Test
  void withoutATokenizerIdsComeOutAndStopStringsAreRefused() {
    GenerationResult result =
        new Generation(model, Optional.empty(), GenerationOptions.greedy(5))
            .run(prompt(), piece -> {});
    assertEquals("", result.text());
    assertEquals(5, result.tokenIds().size());
    GenerationOptions stop = new GenerationOptions(5, List.of("x"), false, Sampling.greedy());
    assertThrows(UserError.class, () -> new Generation(model, Optional.empty(), stop));
  }

  private static GenerationResult sampled(long seed) {
    GenerationOptions options =
        new GenerationOptions(60, List.of(), false, new Sampling(0.9, 40, 0.95, 0.01, 1.1, seed));
    return generation(options).run(prompt(), piece -> {});
  }

  private static Generation generation(GenerationOptions options) {
    return new Generation(model, Optional.of(tokenizer), options);
  }

  private static int[] prompt() {
    return tokenizer.encode("Once upon a time");
  }
}
