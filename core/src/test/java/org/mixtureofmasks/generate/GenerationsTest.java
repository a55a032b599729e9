package org.mixtureofmasks.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Many texts that are generated together. */
class GenerationsTest {
  /** As many tokens as {@link Generation} reads at once of a dense model's prompt. */
  private static final int CHUNK = 128;

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

  private static Generations generations() {
    return new Generations(model, Optional.of(tokenizer), CHUNK);
  }

  private static GenerationResult alone(int[] prompt, GenerationOptions options) {
    return new Generation(model, Optional.of(tokenizer), options).run(prompt, _ -> {});
  }

  private static void finish(Generations generations) {
    for (int step = 0; generations.step(); step++) {
      assertTrue(step < 1000, "it does not end");
    }
  }

  /** Greedy and sampled, long and short, one with a stop string, one with a long prompt. */
  @Test
  void textsThatJoinAtDifferentStepsAreThoseOfEachAlone() {
    String[] prompts = {"Once upon a time", "", "Lily and Tom", "The dog", "A big", "One day"};
    List<int[]> ids = new ArrayList<>();
    List<GenerationOptions> options = new ArrayList<>();
    for (int i = 0; i < prompts.length; i++) {
      ids.add(tokenizer.encode(i == 3 ? "The dog ran to the park. ".repeat(25) : prompts[i]));
      Sampling sampling = i % 2 == 0 ? Sampling.greedy() : Sampling.of(0.9, i);
      List<String> stop = i == 4 ? List.of("ly") : List.of();
      options.add(new GenerationOptions(30 + 7 * i, stop, false, sampling));
    }
    assertTrue(ids.get(3).length > 2 * CHUNK, "a prompt of several chunks");
    Generations generations = generations();
    List<Generations.Text> texts = new ArrayList<>();
    List<StringBuilder> shown = new ArrayList<>();
    for (int i = 0; i < prompts.length; i++) {
      StringBuilder pieces = new StringBuilder();
      shown.add(pieces);
      texts.add(generations.join(ids.get(i), options.get(i), pieces::append));
      generations.step();
      generations.step();
    }
    finish(generations);
    for (int i = 0; i < prompts.length; i++) {
      GenerationResult expected = alone(ids.get(i), options.get(i));
      GenerationResult got = texts.get(i).result().join();
      assertEquals(expected.tokenIds(), got.tokenIds(), "text " + i);
      assertEquals(expected.text(), got.text());
      assertEquals(expected.finishReason(), got.finishReason());
      assertEquals(expected.text(), shown.get(i).toString());
      assertEquals(expected.promptTokenIds(), got.promptTokenIds());
    }
    assertFalse(generations.step());
  }

  @Test
  void aTextThatIsCancelledOrWhoseReaderFailsLeavesTheOthersUnharmed() {
    GenerationOptions options = GenerationOptions.greedy(40);
    int[] prompt = tokenizer.encode("Once upon a time");
    Generations generations = generations();
    Generations.Text good = generations.join(prompt, options, _ -> {});
    Generations.Text cancelled = generations.join(prompt, options, _ -> {});
    Generations.Text early = generations.join(prompt, options, _ -> {});
    IllegalStateException broken = new IllegalStateException("the pipe is broken");
    List<String> pieces = new ArrayList<>();
    Generations.Text failing =
        generations.join(
            prompt,
            options,
            piece -> {
              pieces.add(piece);
              if (pieces.size() == 5) {
                throw broken;
              }
            });
    early.cancel();
    for (int step = 0; step < 10; step++) {
      generations.step();
    }
    cancelled.cancel();
    finish(generations);
    assertEquals(alone(prompt, options).tokenIds(), good.result().join().tokenIds());
    GenerationResult cut = cancelled.result().join();
    assertEquals(FinishReason.CANCELLED, cut.finishReason());
    assertEquals(good.result().join().tokenIds().subList(0, 10), cut.tokenIds());
    assertEquals(List.of(), early.result().join().tokenIds());
    CompletionException thrown =
        assertThrows(CompletionException.class, () -> failing.result().join());
    assertSame(broken, thrown.getCause());
    assertEquals(5, pieces.size());
  }

  @Test
  void aLongPromptHoldsAShortOneUpByOneChunk() {
    int[] longPrompt = tokenizer.encode("The dog ran to the park. ".repeat(25));
    Generations generations = new Generations(model, Optional.of(tokenizer), 16);
    Generations.Text slow = generations.join(longPrompt, GenerationOptions.greedy(4), _ -> {});
    generations.step();
    Generations.Text quick =
        generations.join(tokenizer.encode("One day"), GenerationOptions.greedy(4), _ -> {});
    for (int step = 0; step < 5; step++) {
      generations.step();
    }
    assertTrue(quick.result().isDone());
    assertFalse(slow.result().isDone());
    finish(generations);
    assertEquals(4, slow.result().join().tokenIds().size());
  }

  @Test
  void aTextThatCannotBeIsRefusedWhereItJoins() {
    Generations generations = generations();
    GenerationOptions tooLong = GenerationOptions.greedy(10_000);
    int[] prompt = tokenizer.encode("One day");
    UserError e = assertThrows(UserError.class, () -> generations.join(prompt, tooLong, _ -> {}));
    assertTrue(e.getMessage().contains("the model's context is 512 tokens"), e.getMessage());
    assertFalse(generations.step());
  }
}
