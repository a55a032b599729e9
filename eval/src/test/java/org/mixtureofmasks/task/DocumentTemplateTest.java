package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.template.TemplateException;

class DocumentTemplateTest {
  private static final ObjectNode DOCUMENT =
      Json.object().put("answer", 2).put("page", "a 's @-@ b");

  @Test
  void aBareNameIsAColumnWhoseValueIsTakenAsItIs() throws TemplateException, BadDocument {
    assertEquals(2L, DocumentTemplate.parse("answer").value(DOCUMENT));
    assertEquals("2", DocumentTemplate.parse("answer").text(DOCUMENT));
    assertEquals("an answer", DocumentTemplate.parse("an answer").value(DOCUMENT));
  }

  @Test
  void aBareNameThatIsNoColumnIsRefused() throws TemplateException {
    DocumentTemplate missing = DocumentTemplate.parse("question");
    assertEquals(
        "the field 'question' is missing",
        assertThrows(BadDocument.class, () -> missing.text(DOCUMENT)).getMessage());
  }

  @Test
  void theHarnesssDetokenizerIsAFilterOfTasks() throws TemplateException, BadDocument {
    assertEquals("a's-b", DocumentTemplate.parse("{{page|wikitext_detokenizer}}").text(DOCUMENT));
  }
}
