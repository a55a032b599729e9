package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.template.PythonText;

/** Against what lm-evaluation-harness's own functions gave. */
class WikiTextTest {
  private static final JsonNode VECTORS = vectors();

  @Test
  void detokenisedPagesAreThoseOfTheHarness() {
    assertFalse(VECTORS.get("texts").isEmpty());
    for (JsonNode text : VECTORS.get("texts")) {
      assertEquals(
          text.get("detokenised").asText(),
          WikiText.detokenise(text.get("page").asText()),
          text.get("name").asText());
    }
  }

  @Test
  void wordsAndBytesAreCountedOnThePageAsItWas() {
    for (JsonNode text : VECTORS.get("texts")) {
      String name = text.get("name").asText();
      String page = text.get("page").asText();
      assertEquals(text.get("words").asInt(), WikiText.words(page), name);
      assertEquals(text.get("bytes").asInt(), WikiText.bytes(page), name);
    }
  }

  @Test
  void aPageBeginsAtEachTitleAndNotAtSections() {
    List<String> expected = new ArrayList<>();
    VECTORS.get("pages").forEach(page -> expected.add(page.asText()));
    assertEquals(3, expected.size());
    assertEquals(expected, WikiText.pages(VECTORS.get("pages_of").asText()));
  }

  @Test
  void blankTextHasNoPages() {
    assertEquals(List.of(), WikiText.pages(" \n\n "));
  }

  @Test
  void pythonStripsWhiteSpaceThatJavaDoesNotKnow() {
    assertEquals("a", PythonText.stripTrailing("a \u00a0\u001f\n"));
    assertEquals("a\u200b", PythonText.stripTrailing("a\u200b"));
    assertTrue(PythonText.strip("\u3000\u0085").isEmpty());
  }

  private static JsonNode vectors() {
    try (InputStream in =
        WikiTextTest.class.getResourceAsStream("../score/wikitext-vectors.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
