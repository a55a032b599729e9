package org.mixtureofmasks.perplexity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.task.WikiText;
import org.mixtureofmasks.tokenizer.Tokenizer;

class PerplexityTest {
  private static Model model;
  private static Tokenizer tokenizer;
  private static JsonNode reference;

  @BeforeAll
  static void open() throws IOException {
    model = Model.open(TestFiles.stories(), LoadOptions.defaults());
    tokenizer = Tokenizer.open(TestFiles.stories());
    Path file = TestFiles.resource("/org/mixtureofmasks/models/stories260K.reference.json");
    reference = new ObjectMapper().readTree(file.toFile()).get("stories260K");
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    model.close();
  }

  @Test
  void theLossOfATextIsThatOfAnIndependentForwardPass() {
    int[] ids = tokenizer.encode(reference.get("prompt").asText());
    PerplexityResult result = perplexity().ofText(ids, 0, 0);
    assertEquals(54, result.tokens());
    assertEquals(reference.get("prompt_mean_nll").asDouble(), result.loss(), 1e-6);
    assertEquals(reference.get("prompt_ppl").asDouble(), result.perplexity(), 1e-5);
    assertEquals(Shares.DENSE, result.shares());
    assertTrue(result.rule().contains("the BOS token"), result.rule());
  }

  @Test
  void aWindowSeesOnlyItself() {
    int[] ids = tokenizer.encode(reference.get("prompt").asText());
    // Two windows of 27 are two texts of their own that share the border token.
    double sum =
        perplexity().ofText(Arrays.copyOf(ids, 28), 0, 0).negativeLogLikelihood()
            + perplexity().ofText(Arrays.copyOfRange(ids, 27, 55), 0, 0).negativeLogLikelihood();
    assertEquals(sum, perplexity().ofText(ids, 27, 27).negativeLogLikelihood(), 1e-4);
  }

  @Test
  void moreContextGivesALowerLoss() {
    int[] ids = tokenizer.encode(reference.get("prompt").asText());
    double disjoint = perplexity().ofText(ids, 16, 16).loss();
    double overlapping = perplexity().ofText(ids, 16, 4).loss();
    double whole = perplexity().ofText(ids, 0, 0).loss();
    assertTrue(disjoint > overlapping && overlapping > whole, disjoint + " " + overlapping);
  }

  @Test
  void oneThreadAndTwoGiveTheSameLoss() {
    int[] ids = tokenizer.encode(reference.get("prompt").asText());
    Perplexity single = new Perplexity(model, 1, (done, total) -> {});
    assertEquals(
        perplexity().ofText(ids, 0, 0).negativeLogLikelihood(),
        single.ofText(ids, 0, 0).negativeLogLikelihood(),
        1e-4); // the model's own sums are float32 and change order when they are compiled
  }

  @Test
  void packedRowsOfNarrowAndWideIdsGiveWhatTheSameTokensGiveAsTexts(@TempDir Path folder)
      throws IOException {
    int[] ids = tokenizer.encode(reference.get("prompt").asText());
    Path two = packed(folder.resolve("two.u16"), ids, 0, 40);
    Path one = packed(folder.resolve("one.u32"), ids, 30, 50);
    PerplexityResult result = perplexity().ofRows(List.of(two, one), 20, 0);
    double expected = 0;
    for (int from : new int[] {0, 20, 30}) {
      int[] row = Arrays.copyOfRange(ids, from, from + 20);
      expected += perplexity().ofText(row, 0, 0).negativeLogLikelihood();
    }
    assertEquals(3 * 19, result.tokens());
    assertEquals(expected, result.negativeLogLikelihood(), 1e-4);
    assertEquals(List.of(38L, 19L), result.parts().stream().map(p -> p.tokens()).toList());
    assertEquals(
        result.negativeLogLikelihood(),
        result.parts().stream().mapToDouble(p -> p.negativeLogLikelihood()).sum(),
        1e-9);
    assertEquals(2 * 19, perplexity().ofRows(List.of(two, one), 20, 1).tokens());
  }

  @Test
  void aWikiTextPageIsScoredFromItsFirstTokenAfterThePrefix() {
    String page = " = Lily = \n \n Once upon a time , there was a little girl . \n ";
    PerplexityResult result = perplexity().ofWikiText(page, tokenizer, 0, 0);
    int[] ids = tokenizer.encode(WikiText.detokenise(page));
    int[] prefixed = IntStream.concat(IntStream.of(1), IntStream.of(ids)).toArray();
    assertEquals(
        perplexity().ofText(prefixed, 0, 0).negativeLogLikelihood(),
        result.negativeLogLikelihood(),
        1e-4); // float32 sums change order when they are compiled
    assertEquals(ids.length, result.tokens());
    PerplexityResult.Counts counts = result.wikiText().orElseThrow();
    assertEquals(1, counts.pages());
    assertEquals(WikiText.words(page), counts.words());
    assertEquals(
        Math.exp(result.negativeLogLikelihood() / counts.words()), result.wordPerplexity(), 1e-9);
    assertEquals(Math.log(result.bytePerplexity()) / Math.log(2), result.bitsPerByte(), 1e-9);
  }

  @Test
  void aPageLongerThanTheContextIsScoredWhole() {
    String page = " = Lily = \n" + "She loved to play outside in the park . ".repeat(60);
    PerplexityResult result = perplexity().ofWikiText(page, tokenizer, 0, 0);
    int n = tokenizer.encode(WikiText.detokenise(page)).length;
    assertTrue(n > 512, n + " tokens");
    assertEquals(n, result.tokens());
  }

  @Test
  void aLongContextIsNotReadWholeUnlessAskedForAndThisIsSaid() {
    assertEquals(2048, Perplexity.usual(8192));
    assertEquals(512, Perplexity.usual(512));
    assertTrue(Perplexity.chosen(2048, 8192).contains("context is 8192, and --window reads"));
    assertEquals("", Perplexity.chosen(2048, 2048), "nothing else could have been meant");
    assertEquals("", Perplexity.chosen(54, 8192), "the text is shorter than the window");
  }

  @Test
  void aShorterWindowOfWikiTextIsTheHarnesssMaxLength() {
    String page = " = Lily = \n" + "She loved to play outside in the park . ".repeat(8);
    PerplexityResult whole = perplexity().ofWikiText(page, tokenizer, 0, 0);
    PerplexityResult cut = perplexity().ofWikiText(page, tokenizer, 0, 16);
    assertEquals(whole.tokens(), cut.tokens());
    assertTrue(cut.loss() > whole.loss(), "less context");
    assertTrue(cut.rule().contains("rolling windows of 16 tokens;"), cut.rule());
  }

  @Test
  void anInterruptedMeasurementGoesOnToTheSameFigures(@TempDir Path folder) {
    int[] ids = tokenizer.encode(reference.get("prompt").asText());
    PerplexityResult whole = perplexity().ofText(ids, 20, 10);
    List<String> notes = new ArrayList<>();
    assertThrows(
        CancellationException.class,
        () ->
            new Perplexity(
                    model,
                    2,
                    (done, total) -> {
                      if (done == 40) {
                        throw new CancellationException();
                      }
                    },
                    kept(folder, "a", notes))
                .ofText(ids, 20, 10));
    List<Long> heard = new ArrayList<>();
    PerplexityResult rest =
        new Perplexity(model, 2, (done, total) -> heard.add(done), kept(folder, "a", notes))
            .ofText(ids, 20, 10);
    assertEquals(List.of(50L, 54L), heard, "three of five windows were kept");
    assertTrue(notes.getFirst().startsWith("goes on after 3 of 5: "), notes.toString());
    assertEquals(whole.negativeLogLikelihood(), rest.negativeLogLikelihood(), 1e-4);
    assertEquals(whole.tokens(), rest.tokens());
    assertEquals(whole.shares(), rest.shares());
    // Another model, window or text has nothing to go on from.
    notes.clear();
    new Perplexity(model, 2, (d, t) -> {}, kept(folder, "b", notes)).ofText(ids, 20, 10);
    new Perplexity(model, 2, (d, t) -> {}, kept(folder, "a", notes)).ofText(ids, 20, 20);
    assertEquals(List.of(), notes);
    KeptSums.remove(folder);
    assertFalse(Files.exists(folder));
  }

  @Test
  void interruptedWikiTextGoesOnWithTheNextPage(@TempDir Path folder) {
    String pages = " = Lily = \n She played . \n = Tom = \n He ran . \n = Max = \n It sat . \n";
    PerplexityResult whole = perplexity().ofWikiText(pages, tokenizer, 0, 0);
    List<String> notes = new ArrayList<>();
    assertThrows(
        CancellationException.class,
        () ->
            new Perplexity(
                    model,
                    2,
                    (done, total) -> {
                      throw new CancellationException();
                    },
                    kept(folder, "a", notes))
                .ofWikiText(pages, tokenizer, 0, 0));
    PerplexityResult rest =
        new Perplexity(model, 2, (d, t) -> {}, kept(folder, "a", notes))
            .ofWikiText(pages, tokenizer, 0, 0);
    assertTrue(notes.getFirst().startsWith("goes on after 1 of 3: "), notes.toString());
    assertEquals(whole.negativeLogLikelihood(), rest.negativeLogLikelihood(), 1e-4);
    assertEquals(whole.wikiText(), rest.wikiText());
  }

  private static KeptSums kept(Path folder, String model, List<String> notes) {
    return new KeptSums(Optional.of(folder), model, notes::add, 0);
  }

  @Test
  void progressEndsAtTheWhole() {
    List<Long> heard = new ArrayList<>();
    int[] ids = tokenizer.encode(reference.get("prompt").asText());
    new Perplexity(
            model,
            2,
            (done, total) -> {
              assertEquals(54, total);
              heard.add(done);
            })
        .ofText(ids, 20, 10);
    assertEquals(List.of(20L, 30L, 40L, 50L, 54L), heard);
  }

  @Test
  void windowsAndRowsBeyondTheContextAreWrongUsage() {
    int[] ids = tokenizer.encode("Once upon a time");
    for (Runnable wrong :
        List.<Runnable>of(
            () -> perplexity().ofText(ids, 513, 0),
            () -> perplexity().ofText(ids, 100, 101),
            () -> perplexity().ofRows(List.of(), 514, 0),
            () -> perplexity().ofRows(List.of(), 1, 0))) {
      UserError error = assertThrows(UserError.class, wrong::run);
      assertEquals(UserError.USAGE, error.exitCode(), error.getMessage());
    }
  }

  @Test
  void aTextOfOneTokenIsTooShort() {
    UserError error = assertThrows(UserError.class, () -> perplexity().ofText(new int[] {1}, 0, 0));
    assertTrue(error.getMessage().contains("at least 2"), error.getMessage());
  }

  @Test
  void theFiveValidationFilesOfMom4mHaveThePublishedLoss() {
    Path folder = TestFiles.large("mom-4m");
    List<Path> files =
        IntStream.range(0, 5)
            .mapToObj(i -> List.of("novel", "text", "fact", "wiki", "play").get(i))
            .map(name -> folder.resolve("data/valid-" + name + ".u16"))
            .toList();
    try (Model mom4m = Model.open(folder, LoadOptions.defaults())) {
      PerplexityResult result = new Perplexity(mom4m, 2, (done, total) -> {}).ofRows(files, 257, 0);
      assertEquals(3.6694, result.loss(), 5e-5);
      double[] published = {3.8619, 3.7404, 2.1509, 4.2932, 4.0235};
      for (int i = 0; i < published.length; i++) {
        assertEquals(published[i], result.parts().get(i).loss(), 6e-5);
      }
    }
  }

  private static Perplexity perplexity() {
    return new Perplexity(model, 2, (done, total) -> {});
  }

  private static Path packed(Path file, int[] ids, int from, int to) throws IOException {
    boolean wide = file.toString().endsWith(".u32");
    ByteBuffer bytes =
        ByteBuffer.allocate((wide ? 4 : 2) * (to - from)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = from; i < to; i++) {
      if (wide) {
        bytes.putInt(ids[i]);
      } else {
        bytes.putShort((short) ids[i]);
      }
    }
    return Files.write(file, bytes.array());
  }
}
