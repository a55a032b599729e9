package org.mixtureofmasks.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.generate.FinishReason;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.generate.GenerationResult;
import org.mixtureofmasks.generate.Sampling;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** A small model behind a server of the test, over HTTP. */
class CompletionsLanguageModelTest {
  private static final List<LanguageModel.Request> REQUESTS =
      List.of(
          new LanguageModel.Request("Once upon a time, there was a", " little girl"),
          new LanguageModel.Request("Once upon a time, there was a", " big dog named Max"),
          new LanguageModel.Request("Once upon a time, there was a ", "little girl"),
          new LanguageModel.Request("Tom said:\n\"", "I like to play!\""),
          new LanguageModel.Request("Once upon", " a time"));

  private static Model model;
  private static Tokenizer tokenizer;
  private EchoServer server;

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

  @BeforeEach
  void serve() throws IOException {
    server = new EchoServer(model, tokenizer);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private CompletionsEndpoint endpoint(int contextLength) {
    return new CompletionsEndpoint(
        server.url(),
        "stories",
        Optional.empty(),
        contextLength,
        3,
        3,
        Duration.ofMillis(1),
        Duration.ofSeconds(20));
  }

  private CompletionsLanguageModel remote(boolean ids) {
    return new CompletionsLanguageModel(
        endpoint(512), ids ? Optional.of(tokenizer) : Optional.empty());
  }

  private static void assertScores(
      List<LanguageModel.Score> expected, List<LanguageModel.Score> got) {
    assertEquals(expected.size(), got.size());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(
          expected.get(i).logProbability(), got.get(i).logProbability(), 1e-5, "request " + i);
      assertEquals(expected.get(i).greedy(), got.get(i).greedy(), "request " + i);
      assertEquals(expected.get(i).tokens(), got.get(i).tokens(), "request " + i);
    }
  }

  private static List<LanguageModel.Score> local(List<LanguageModel.Request> requests) {
    return new LocalLanguageModel(model, tokenizer, 2).logLikelihood(requests);
  }

  @Test
  void idsOrTextsAreScoredAsByTheModelItself() {
    List<LanguageModel.Score> expected = local(REQUESTS);
    for (boolean ids : new boolean[] {true, false}) {
      try (CompletionsLanguageModel remote = remote(ids)) {
        assertScores(expected, remote.logLikelihood(REQUESTS));
      }
    }
    assertTrue(server.asked.stream().anyMatch(r -> r.get("prompt").isArray()));
    assertTrue(server.asked.stream().anyMatch(r -> r.get("prompt").isTextual()));
    for (JsonNode request : server.asked) {
      assertEquals("stories", request.get("model").asText());
      assertEquals(0, request.get("max_tokens").asInt());
    }
  }

  @Test
  void anEmptyContextIsTheBeginningOfAText() {
    List<LanguageModel.Request> beginning = List.of(new LanguageModel.Request("", "Once upon"));
    try (CompletionsLanguageModel remote = remote(true)) {
      assertScores(local(beginning), remote.logLikelihood(beginning));
    }
    try (CompletionsLanguageModel remote = remote(false)) {
      String message =
          assertThrows(UserError.class, () -> remote.logLikelihood(beginning)).getMessage();
      assertTrue(message.contains("tokenizer"), message);
    }
  }

  @Test
  void aServerThatMustGenerateIsAskedForOneTokenWhichIsIgnored() {
    server.refusesZero = true;
    for (boolean usage : new boolean[] {true, false}) {
      server.hidesUsage = !usage;
      for (boolean ids : new boolean[] {true, false}) {
        try (CompletionsLanguageModel remote = remote(ids)) {
          assertScores(local(REQUESTS), remote.logLikelihood(REQUESTS));
          server.asked.clear();
          remote.logLikelihood(REQUESTS);
          assertTrue(server.asked.stream().allMatch(r -> r.get("max_tokens").asInt() == 1));
        }
      }
    }
  }

  @Test
  void aLongContextIsCutFromTheLeftToLeaveRoomForAnAnswer() {
    String context = "She loved to play outside in the park. ".repeat(8) + "One day, she saw a";
    List<LanguageModel.Request> requests = List.of(new LanguageModel.Request(context, " big dog"));
    int[] whole = tokenizer.encode(context + " big dog");
    int scored = whole.length - tokenizer.encode(context).length;
    int[] cut = Arrays.copyOfRange(whole, whole.length - 39, whole.length);
    try (CompletionsLanguageModel remote =
        new CompletionsLanguageModel(endpoint(40), Optional.of(tokenizer))) {
      assertScores(List.of(PlainScores.of(model, cut, scored)), remote.logLikelihood(requests));
      List<LanguageModel.Request> tooLong =
          List.of(new LanguageModel.Request("Once", context.substring(0, 300)));
      String message =
          assertThrows(UserError.class, () -> remote.logLikelihood(tooLong)).getMessage();
      assertTrue(message.startsWith("request 0: a continuation has "), message);
    }
  }

  @Test
  void aWholeTextIsReadInTheHarnesssWindows() {
    String text = "Lily likes the park. Tom likes the big red ball. ".repeat(5);
    int[] s = TokenSplit.concatenate(new int[] {1}, tokenizer.encode(text));
    double expected = 0;
    int windows = 0;
    for (Window w : Window.rolling(s.length, 38)) {
      int[] ids = Arrays.copyOfRange(s, w.from(), w.from() + w.inputs() + 1);
      expected += PlainScores.of(model, ids, w.scored()).logProbability();
      windows++;
    }
    assertTrue(windows > 2);
    try (CompletionsLanguageModel remote =
        new CompletionsLanguageModel(endpoint(40), Optional.of(tokenizer))) {
      LanguageModel.Score score = remote.logLikelihoodRolling(text);
      assertEquals(expected, score.logProbability(), 1e-4);
      assertEquals(s.length - 1, score.tokens());
    }
    try (CompletionsLanguageModel remote = remote(false)) {
      assertThrows(UserError.class, () -> remote.logLikelihoodRolling(text));
    }
  }

  @Test
  void textIsGeneratedUntilAStopStringOrTheLimit() {
    try (CompletionsLanguageModel ids = remote(true);
        CompletionsLanguageModel texts = remote(false)) {
      GenerationResult limited = ids.generate("Once upon a time", GenerationOptions.greedy(10));
      assertEquals(", there was a little girl named Lily", limited.text());
      assertEquals(FinishReason.LENGTH, limited.finishReason());
      GenerationResult stopped =
          texts.generate(
              "Once upon a time",
              new GenerationOptions(10, List.of(" girl"), false, Sampling.greedy()));
      assertEquals(", there was a little", stopped.text());
      assertEquals(FinishReason.STOP, stopped.finishReason());
    }
  }

  @Test
  void aBusyOrFailingServerIsAskedAgain() {
    server.failures.addAll(List.of(429, 503));
    List<LanguageModel.Request> one = REQUESTS.subList(0, 1);
    try (CompletionsLanguageModel remote = remote(true)) {
      assertScores(local(one), remote.logLikelihood(one));
    }
    assertEquals(3, server.asked.size());
  }

  @Test
  void aServerThatKeepsFailingIsAnErrorWithItsAddressAndStatus() {
    server.failures.addAll(Collections.nCopies(3, 503));
    List<LanguageModel.Request> one = REQUESTS.subList(0, 1);
    try (CompletionsLanguageModel remote = remote(true)) {
      String message = assertThrows(UserError.class, () -> remote.logLikelihood(one)).getMessage();
      assertEquals(
          "POST " + server.url() + ": status 503, {\"error\": \"busy\"}, after 3 attempts",
          message);
    }
  }

  @Test
  void aServerThatIsNotThereIsAnError() {
    server.close();
    List<LanguageModel.Request> one = REQUESTS.subList(0, 1);
    try (CompletionsLanguageModel remote = remote(true)) {
      String message = assertThrows(UserError.class, () -> remote.logLikelihood(one)).getMessage();
      assertTrue(message.contains(server.url() + ": no answer"), message);
      assertTrue(message.contains("after 3 attempts"), message);
    }
  }

  @Test
  void theKeyIsSentAndNeverShown() {
    server.key = Optional.of("sk-secret");
    List<LanguageModel.Request> one = REQUESTS.subList(0, 1);
    for (String key : List.of("sk-secret", "sk-wrong")) {
      CompletionsEndpoint endpoint =
          new CompletionsEndpoint(server.url(), "stories", Optional.of(key));
      assertFalse(endpoint.toString().contains("sk-"), endpoint.toString());
      try (CompletionsLanguageModel remote =
          new CompletionsLanguageModel(endpoint, Optional.of(tokenizer))) {
        if (key.equals("sk-secret")) {
          assertScores(local(one), remote.logLikelihood(one));
        } else {
          String message =
              assertThrows(UserError.class, () -> remote.logLikelihood(one)).getMessage();
          assertTrue(message.contains("status 401"), message);
          assertTrue(message.contains("OPENAI_API_KEY"), message);
          assertFalse(message.contains("sk-"), message);
        }
      }
    }
  }

  @Test
  void aServerThatDoesNotSayWhatIsLikelyIsAnError() {
    server.hidesTop = true;
    try (CompletionsLanguageModel remote = remote(true)) {
      String message =
          assertThrows(UserError.class, () -> remote.logLikelihood(REQUESTS)).getMessage();
      assertTrue(message.contains("top_logprobs"), message);
    }
  }

  @Test
  void severalRequestsAreUnderWayButNoMoreThanAskedFor() {
    List<LanguageModel.Request> many = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      many.add(new LanguageModel.Request("Once upon a time, " + i, " there was a little girl."));
    }
    List<Long> heard = new ArrayList<>();
    try (CompletionsLanguageModel remote = remote(true)) {
      assertScores(
          local(many), remote.logLikelihood(many, (done, total) -> heard.add(done * 1000 + total)));
    }
    assertEquals(40, heard.size());
    assertEquals(40_040, heard.getLast());
    assertTrue(server.most.get() > 1 && server.most.get() <= 3, server.most + " at a time");
  }

  @Test
  void addressesThatNoServerHasAreWrongUsage() {
    for (String wrong : List.of("localhost:8000", "file:///tmp/x", "http://me:secret@host/v1")) {
      UserError error =
          assertThrows(
              UserError.class,
              () -> new CompletionsEndpoint(URI.create(wrong), "m", Optional.empty()));
      assertEquals(UserError.USAGE, error.exitCode());
      assertFalse(error.getMessage().contains("secret"), error.getMessage());
    }
  }
}
