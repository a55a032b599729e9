package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.TestFiles;

/** Every prompt is letter by letter the one that lm-evaluation-harness 0.4.13 makes. */
class HarnessPromptsTest {
  private static final Path DATA = TestFiles.resource("/org/mixtureofmasks/task/data");
  private static final Path HUB = TestFiles.resource("/org/mixtureofmasks/task/hub");

  private static LoadedTask load(String name, Path data, int fewShot) {
    return Tasks.resolve(List.of(name)).getFirst().load(data, OptionalInt.of(fewShot), 0);
  }

  @Test
  void promptsContinuationsAndAnswersAreThoseOfTheHarness() throws IOException {
    Path file = TestFiles.resource("/org/mixtureofmasks/task/harness-prompts.json");
    JsonNode expected = new ObjectMapper().readTree(file.toFile());
    Map<String, LoadedTask> loaded = new HashMap<>();
    Map<String, Integer> asked = new HashMap<>();
    for (JsonNode e : expected) {
      String name = e.get("task").asText();
      int shots = e.get("shots").asInt();
      String run = name + ":" + shots;
      LoadedTask task = loaded.computeIfAbsent(run, _ -> load(name, DATA, shots));
      Question question = task.questions().get(e.get("id").asInt());
      List<Question.Ask> asks = new ArrayList<>();
      for (JsonNode ask : e.get("asks")) {
        asks.add(new Question.Ask(ask.get(0).asText(), ask.get(1).asText()));
      }
      assertEquals(asks, question.asks(), run + " document " + question.id());
      assertEquals(e.get("gold").asInt(), question.gold(), run + " document " + question.id());
      asked.merge(run, 1, Integer::sum);
    }
    loaded.forEach((run, task) -> assertEquals(asked.get(run), task.questions().size(), run));
    Set<String> missing = new HashSet<>(Tasks.names());
    loaded.values().forEach(task -> missing.remove(task.name()));
    missing.removeIf(name -> name.startsWith("mmlu")); // two of its 57 subjects are among the data
    assertEquals(Set.of(), missing);
    assertEquals(4, loaded.keySet().stream().filter(run -> run.startsWith("mmlu")).count());
  }

  @Test
  void theHubsColumnsMakeTheSameQuestionsAsTheAuthorsFiles() {
    for (String name : List.of("boolq", "piqa", "social_iqa", "arc_easy", "mmlu_anatomy")) {
      List<Question> raw = load(name, DATA, 0).questions();
      List<Question> hub = load(name, HUB, 0).questions();
      assertEquals(3, hub.size(), name);
      for (int i = 0; i < 3; i++) {
        assertEquals(raw.get(i).asks(), hub.get(i).asks(), name);
        assertEquals(raw.get(i).gold(), hub.get(i).gold(), name);
      }
    }
  }

  @Test
  void choicesOfAQuestionShareOneContext() {
    Question question = load("hellaswag", DATA, 2).questions().getFirst();
    assertEquals(4, question.asks().size());
    assertSame(question.asks().get(0).context(), question.asks().get(3).context());
  }

  @Test
  void aLimitLeavesTheExamplesOfTheFirstDocumentsAsTheyAre() {
    List<Question> all = load("hellaswag_text", DATA, 2).questions();
    LoadedTask two =
        Tasks.resolve(List.of("hellaswag_text")).getFirst().load(DATA, OptionalInt.of(2), 2);
    assertEquals(4, two.documents());
    assertEquals(all.subList(0, 2), two.questions());
  }

  @Test
  void aPageIsKeptAsItWasForItsWordsAndBytes() {
    LoadedTask task = load("wikitext", DATA, 0);
    Question page = task.questions().getFirst();
    assertEquals(OutputType.LOGLIKELIHOOD_ROLLING, task.output());
    assertEquals("", page.asks().getFirst().context());
    assertEquals(
        page.asks().getFirst().continuation(),
        WikiText.detokenise(page.document().get("page").textValue()));
  }
}
