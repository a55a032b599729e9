package org.mixtureofmasks.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Many requests at once on a small model. */
class PackedScoringTest {
  private static Model model;
  private static Tokenizer tokenizer;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    model = Model.open(TestFiles.stories(), new LoadOptions(WeightType.F32, 2));
    tokenizer = Tokenizer.open(TestFiles.stories());
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    model.close();
  }

  private static LanguageModel.Request request(String context, String continuation) {
    return new LanguageModel.Request(context, continuation);
  }

  /**
   * Questions of one few-shot prefix with choices of one and of many tokens, contexts that begin
   * other contexts, the same request twice, continuations longer than a pass, and texts that are
   * cut at the context.
   */
  private static List<LanguageModel.Request> requests() {
    List<LanguageModel.Request> all = new ArrayList<>();
    String shots = "Lily likes the park. Tom likes the big red ball. ".repeat(6);
    for (String name : List.of("Lily", "Tom", "Ben", "Lily and Tom")) {
      String context = shots + "What does " + name + " like?";
      for (String choice : List.of(" a", " b", " the park.", " a big red ball and a little dog.")) {
        all.add(request(context, choice));
      }
    }
    all.add(request("Once upon a time", ", there was a little girl named Lily."));
    all.add(request("Once upon a time, there was a", " little girl named Lily."));
    all.add(request("Once upon a time, there was", " a little girl named Lily."));
    all.add(request("Once", " upon a time, there was a little girl."));
    all.add(all.get(3));
    String story = "She loved to play outside in the sunshine with her friend, a small cat. ";
    all.add(request("One day.", story.repeat(16)));
    all.add(request("One day.", story.repeat(16) + " The end"));
    all.add(request(shots.repeat(9) + "Who is", " Lily?"));
    all.add(request(shots.repeat(9) + "Who is", " Tom?"));
    return all;
  }

  private static List<LanguageModel.Score> score(List<LanguageModel.Request> requests) {
    return new LocalLanguageModel(model, tokenizer, 2).logLikelihood(requests);
  }

  @Test
  void packedScoresAreThoseOfRequestsOneByOne() {
    List<LanguageModel.Request> requests = requests();
    List<LanguageModel.Score> scores = score(requests);
    boolean cut = false;
    for (int i = 0; i < requests.size(); i++) {
      LanguageModel.Score plain = PlainScores.of(model, tokenizer, requests.get(i));
      assertEquals(plain.logProbability(), scores.get(i).logProbability(), 1e-5, "request " + i);
      assertEquals(plain.greedy(), scores.get(i).greedy(), "request " + i);
      assertEquals(plain.tokens(), scores.get(i).tokens(), "request " + i);
      cut |= tokenizer.encode(requests.get(i).context()).length > model.config().maxPositions();
    }
    assertTrue(cut, "a request that is cut at the context is among them");
  }

  @Test
  void neitherOrderNorOtherRequestsChangeAScore() {
    List<LanguageModel.Request> requests = requests();
    List<LanguageModel.Score> scores = score(requests);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      order.add(i);
    }
    Random random = new Random(5);
    LocalLanguageModel language = new LocalLanguageModel(model, tokenizer, 1);
    for (int round = 0; round < 4; round++) {
      Collections.shuffle(order, random);
      List<Integer> some = order.subList(0, requests.size() - 5 * round);
      List<LanguageModel.Score> other =
          language.logLikelihood(some.stream().map(requests::get).toList());
      for (int i = 0; i < some.size(); i++) {
        LanguageModel.Score expected = scores.get(some.get(i));
        assertEquals(expected.logProbability(), other.get(i).logProbability(), 1e-5);
        assertEquals(expected.greedy(), other.get(i).greedy());
      }
    }
  }

  /** In every portion of requests too: the prefix stays with the model from one to the next. */
  @Test
  void eachTokenThatTextsShareIsReadOnce() {
    List<LanguageModel.Request> requests = new ArrayList<>();
    String shots = "Tom likes the big red ball. ".repeat(5);
    for (int i = 0; i < 300; i++) {
      for (String choice : List.of(" a", " b", " the ball", " the big dog")) {
        requests.add(request(shots + "Here are " + i + " things:", choice));
      }
    }
    Set<List<Integer>> prefixes = new HashSet<>();
    int together = 0;
    for (LanguageModel.Request request : requests) {
      int[] whole = tokenizer.encode(request.context() + request.continuation());
      List<Integer> ids = Arrays.stream(whole).boxed().toList();
      for (int n = 1; n < ids.size(); n++) {
        prefixes.add(ids.subList(0, n));
      }
      together += ids.size() - 1;
    }
    LocalLanguageModel language = new LocalLanguageModel(model, tokenizer, 2);
    List<LanguageModel.Score> scores = language.logLikelihood(requests);
    long read = language.expertLoad().tokens();
    assertTrue(read < prefixes.size() + 20, read + " read of " + prefixes.size());
    assertTrue(read >= prefixes.size());
    assertTrue(read * 8 < together, "one by one there would be " + together);
    for (int i : new int[] {0, 3, 1020, 1023, 1024, 1027, 1199}) {
      LanguageModel.Score plain = PlainScores.of(model, tokenizer, requests.get(i));
      assertEquals(plain.logProbability(), scores.get(i).logProbability(), 1e-5, "request " + i);
    }
  }

  @Test
  void progressRisesToTheNumberOfRequestsAndMayEndTheWork() {
    List<LanguageModel.Request> requests = requests();
    LocalLanguageModel language = new LocalLanguageModel(model, tokenizer, 2);
    List<Long> heard = new ArrayList<>();
    IllegalStateException enough = new IllegalStateException("enough");
    Progress impatient =
        (done, total) -> {
          assertEquals(requests.size(), total);
          heard.add(done);
          if (heard.size() == 2) {
            throw enough;
          }
        };
    assertEquals(
        enough,
        assertThrows(
            IllegalStateException.class, () -> language.logLikelihood(requests, impatient)));
    heard.clear();
    List<LanguageModel.Score> scores =
        language.logLikelihood(requests, (done, total) -> heard.add(done));
    assertEquals(heard.stream().sorted().toList(), heard);
    assertEquals(requests.size(), heard.getLast());
    assertTrue(heard.size() > 2, heard.toString());
    List<LanguageModel.Score> expected = score(requests);
    for (int i = 0; i < requests.size(); i++) {
      assertEquals(expected.get(i).logProbability(), scores.get(i).logProbability(), 1e-5);
    }
  }

  @Test
  void anInterruptedThreadEndsTheWorkAndStaysInterrupted() {
    LocalLanguageModel language = new LocalLanguageModel(model, tokenizer, 1);
    List<LanguageModel.Request> requests = List.of(request("Once upon", " a time"));
    Thread.currentThread().interrupt();
    assertThrows(CancellationException.class, () -> language.logLikelihood(requests));
    assertTrue(Thread.interrupted());
    assertEquals(
        score(requests).getFirst().logProbability(),
        language.logLikelihood(requests).getFirst().logProbability(),
        1e-5);
  }

  @Test
  void whatIsNotANumberIsAnErrorThatNamesTheRequest() throws IOException {
    byte[] bytes = Files.readAllBytes(TestFiles.stories());
    // The first weights are the embedding, which is the output too: one NaN is in all logits' sum.
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(7 * 4 + 300 * 64 * 4, Float.NaN);
    Path broken = Files.write(folder.resolve("broken.bin"), bytes);
    try (Model llama = Model.open(broken, LoadOptions.defaults())) {
      LanguageModel language = new LocalLanguageModel(llama, tokenizer, 1);
      List<LanguageModel.Request> requests =
          List.of(request("Once upon", " a time"), request("The cat", " sat"));
      String message =
          assertThrows(UserError.class, () -> language.logLikelihood(requests)).getMessage();
      assertTrue(message.contains("NaN"), message);
      assertTrue(message.contains("request 0, ' a time' after 'Once upon'"), message);
    }
  }

  @Test
  void noRequestsHaveNoScores() {
    assertEquals(List.of(), score(List.of()));
  }

  @Test
  void rollingAndRequestsOfOneModelDoNotDisturbEachOther() {
    LocalLanguageModel language = new LocalLanguageModel(model, tokenizer, 2);
    String text = "Once upon a time, there was a little girl named Lily. ".repeat(40);
    List<LanguageModel.Request> requests = List.of(request("Once upon", " a time"));
    double before = language.logLikelihood(requests).getFirst().logProbability();
    double rolling = language.logLikelihoodRolling(text).logProbability();
    assertEquals(before, language.logLikelihood(requests).getFirst().logProbability(), 1e-5);
    double fresh =
        new LocalLanguageModel(model, tokenizer, 2).logLikelihoodRolling(text).logProbability();
    assertEquals(fresh, rolling, 1e-5);
    assertEquals(fresh, language.logLikelihoodRolling(text).logProbability(), 1e-5);
  }
}
