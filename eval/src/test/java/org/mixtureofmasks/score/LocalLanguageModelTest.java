package org.mixtureofmasks.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.generate.GenerationOptions;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.perplexity.Perplexity;
import org.mixtureofmasks.perplexity.PerplexityResult;
import org.mixtureofmasks.tokenizer.Tokenizer;

class LocalLanguageModelTest {
  @Test
  void continuationsOfOneContextAreScoredAsIfEachWereAlone() {
    List<LanguageModel.Request> requests =
        List.of(
            new LanguageModel.Request("Once upon a time, there was a", " little girl"),
            new LanguageModel.Request("Once upon a time, there was a", " big dog named Max"),
            new LanguageModel.Request("Once upon a time, there was a ", "little girl"),
            new LanguageModel.Request("Once upon", " a time"),
            new LanguageModel.Request("", "Once upon a time"));
    try (Model llama = Model.open(TestFiles.stories(), LoadOptions.defaults());
        Tokenizer tokenizer = Tokenizer.open(TestFiles.stories())) {
      List<LanguageModel.Score> together =
          new LocalLanguageModel(llama, tokenizer, 2).logLikelihood(requests);
      for (int i = 0; i < requests.size(); i++) {
        LanguageModel.Score alone =
            new LocalLanguageModel(llama, tokenizer, 2)
                .logLikelihood(List.of(requests.get(i)))
                .getFirst();
        assertEquals(
            alone.logProbability(), together.get(i).logProbability(), 1e-4, "request " + i);
        assertEquals(alone.greedy(), together.get(i).greedy());
      }
      assertTrue(together.get(0).greedy());
      assertFalse(together.get(1).greedy());
      // The trailing space goes to the continuation: both are the same tokens.
      assertEquals(together.get(0).logProbability(), together.get(2).logProbability(), 1e-4);
    }
  }

  /** The context's ids are those of the context alone; lm-evaluation-harness 0.4.13's numbers. */
  @Test
  void aTokenThatSpansContextAndContinuationIsNoneOfTheContexts() {
    try (Model llama = Model.open(TestFiles.stories(), LoadOptions.defaults());
        Tokenizer tokenizer = Tokenizer.open(TestFiles.stories())) {
      List<LanguageModel.Request> requests =
          List.of(
              new LanguageModel.Request("Same", "one"), new LanguageModel.Request("Same", "two"));
      List<LanguageModel.Score> scores =
          new LocalLanguageModel(llama, tokenizer, 2).logLikelihood(requests);
      assertEquals(-9.2303, scores.get(0).logProbability(), 1e-3);
      assertEquals(-14.7967, scores.get(1).logProbability(), 1e-3);
    }
  }

  @Test
  void aContinuationThatBeginsWithTheTokenOfAnEmptyContextHasItsContextAlready() {
    try (Tokenizer tokenizer = Tokenizer.open(TestFiles.stories())) {
      TokenSplit split = new TokenSplit(tokenizer);
      int[] text = tokenizer.encode("Once", false);
      TokenSplit.Parts parts = split.of(new LanguageModel.Request("", "Once"), () -> 1);
      assertArrayEquals(TokenSplit.concatenate(new int[] {1}, text), parts.whole());
      assertEquals(1, parts.context());
      parts = split.of(new LanguageModel.Request("", "Once"), () -> text[0]);
      assertArrayEquals(text, parts.whole());
      assertEquals(1, parts.context());
    }
  }

  @Test
  void aContextThatIsTooLongIsCutFromTheLeft() {
    try (Model llama = Model.open(TestFiles.stories(), LoadOptions.defaults());
        Tokenizer tokenizer = Tokenizer.open(TestFiles.stories())) {
      String context = "She loved to play outside in the park. ".repeat(80) + "One day, she saw a";
      LanguageModel language = new LocalLanguageModel(llama, tokenizer, 2);
      LanguageModel.Score score =
          language.logLikelihood(List.of(new LanguageModel.Request(context, " big"))).getFirst();
      assertTrue(score.logProbability() < 0 && score.logProbability() > -8, score.toString());
    }
  }

  @Test
  void anEmptyContinuationIsRefused() {
    try (Model llama = Model.open(TestFiles.stories(), LoadOptions.defaults());
        Tokenizer tokenizer = Tokenizer.open(TestFiles.stories())) {
      LanguageModel language = new LocalLanguageModel(llama, tokenizer, 2);
      List<LanguageModel.Request> requests = List.of(new LanguageModel.Request("Once", ""));
      assertThrows(UserError.class, () -> language.logLikelihood(requests));
    }
  }

  @Test
  void generatedTextFollowsTheContext() {
    try (Model llama = Model.open(TestFiles.stories(), LoadOptions.defaults());
        Tokenizer tokenizer = Tokenizer.open(TestFiles.stories())) {
      LanguageModel language = new LocalLanguageModel(llama, tokenizer, 2);
      assertEquals(
          ", there was a little girl named Lily",
          language.generate("Once upon a time", GenerationOptions.greedy(10)).text());
    }
  }

  /** The GGUF's weights are rounded to bf16 as the reference's were. */
  @Test
  void smolLm2GivesTheLogProbabilitiesOfTransformers() throws IOException {
    Path gguf = TestFiles.large("SmolLM2-135M-Instruct.Q4_1.gguf");
    Path file = TestFiles.resource("/org/mixtureofmasks/score/smollm2-transformers.json");
    JsonNode expected = new ObjectMapper().readTree(file.toFile());
    try (Model llama = Model.open(gguf, new LoadOptions(WeightType.BF16, 2));
        Tokenizer tokenizer = Tokenizer.open(gguf)) {
      int[] ids = tokenizer.encode(expected.get("text").asText());
      assertEquals(expected.get("tokens").asInt(), ids.length);
      Perplexity perplexity = new Perplexity(llama, 2, (done, total) -> {});
      for (JsonNode sliding : expected.get("sliding")) {
        PerplexityResult result =
            perplexity.ofText(ids, sliding.get("window").asInt(), sliding.get("stride").asInt());
        assertEquals(sliding.get("scored").asInt(), result.tokens());
        assertEquals(
            sliding.get("negative_log_likelihood").asDouble() / result.tokens(),
            result.loss(),
            1e-5);
      }
      JsonNode wiki = expected.get("wikitext");
      PerplexityResult result = perplexity.ofWikiText(wiki.get("page").asText(), tokenizer, 0, 0);
      assertEquals(wiki.get("tokens").asInt(), result.tokens());
      assertEquals(wiki.get("log_likelihood").asDouble(), -result.negativeLogLikelihood(), 2e-3);
      List<LanguageModel.Request> requests = new ArrayList<>();
      for (JsonNode request : expected.get("requests")) {
        requests.add(
            new LanguageModel.Request(
                request.get("context").asText(), request.get("continuation").asText()));
      }
      List<LanguageModel.Score> scores =
          new LocalLanguageModel(llama, tokenizer, 2).logLikelihood(requests);
      for (int i = 0; i < requests.size(); i++) {
        JsonNode request = expected.get("requests").get(i);
        assertEquals(request.get("tokens").asInt(), scores.get(i).tokens());
        assertEquals(
            request.get("log_likelihood").asDouble(), scores.get(i).logProbability(), 2e-4);
        assertEquals(request.get("greedy").asBoolean(), scores.get(i).greedy());
      }
    }
  }
}
