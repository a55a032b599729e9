package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The results are those of Jinja with Python's methods. */
class TemplateTest {
  private static final ObjectNode DOCUMENT =
      document(
          """
          {"q": " Why? ", "n": 3, "label": "2", "f": 0.5, "yes": true, "none": null,
           "words": "a b  c", "choices": {"text": ["x", "y"], "label": ["A", "B"]}, "empty": []}
          """);

  private static ObjectNode document(String json) {
    try {
      return (ObjectNode) new ObjectMapper().readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static String text(String template) throws Refused {
    return Template.parse(template).text(DOCUMENT);
  }

  private static Object value(String template) throws Refused {
    return Template.parse(template).value(DOCUMENT);
  }

  private static String refusal(String template) {
    return assertThrows(Refused.class, () -> text(template)).getMessage();
  }

  @Test
  void expressionsStandBetweenBracesInText() throws Refused {
    assertEquals("Q:  Why? \nA:", text("Q: {{q}}\nA:"));
    assertEquals("Why? 3 0.5 True", text("{{ q.strip() }} {{n}} {{f}} {{yes}}"));
    assertEquals(" Why? ", text("q"));
    assertEquals("q and {n}", text("q and {n}"));
  }

  @Test
  void fieldsItemsAndSlicesAreTakenAsInPython() throws Refused {
    assertEquals("y", text("{{choices.text[1]}}"));
    assertEquals("y", text("{{choices['text'][-1]}}"));
    assertEquals(List.of("a", "b", ""), value("{{words.split(' ')[:-1]}}"));
    assertEquals(List.of("b", ""), value("{{words.split(' ')[1:3]}}"));
    assertEquals(List.of(), value("{{choices.text[5:]}}"));
    assertEquals("a b ", text("{{words.split(' ')[:-1]|join(' ')}}"));
    assertEquals(" c", text("{{' '+words.split(' ')[-1]}}"));
    assertEquals(List.of("a", "b  c"), value("{{words.split(' ', 1)}}"));
  }

  @Test
  void filtersBindTighterThanSums() throws Refused {
    assertEquals(1L, value("{{ (label|int) - 1 }}"));
    assertEquals(1L, value("{{ label|int - 1 }}"));
    assertEquals(1L, value("{{choices.label.index('B')}}"));
    assertEquals(List.of(" Why? ", "2!"), value("{{[q, label + '!']}}"));
    assertEquals(6L, value("{{ words|length }}"));
    assertEquals("it's \"so\"\n", text("{{ 'it\\'s \"so\"\\n' }}"));
  }

  @Test
  void whatCannotBeReadIsRefusedWithItsPlace() {
    assertEquals("'q.': at character 3 there should be a name, not the end", refusal("{{q.}}"));
    assertEquals("'q q': at character 3 there should be nothing more, not 'q'", refusal("{{q q}}"));
    assertEquals("'{{q': a {{ has no }}", refusal("{{q"));
    assertEquals(
        "templates have {{ expressions }} only, no {% statements %} or comments",
        refusal("{% if q %}x{% endif %}"));
    assertEquals(
        "'q.stripe()': there is no method 'stripe' (did you mean 'strip'?); there are capitalize,"
            + " index, lower, lstrip, replace, rstrip, split, strip, upper",
        refusal("{{q.stripe()}}"));
    assertEquals("'q|join(1, 2)': join has 2 arguments", refusal("{{q|join(1, 2)}}"));
  }

  @Test
  void whatTheDocumentDoesNotHaveIsRefusedByName() {
    assertEquals("the field 'word' is missing (did you mean 'words'?)", refusal("{{word}}"));
    assertEquals("the field 'question' is missing", refusal("question"));
    assertEquals(
        "the field 'texts' of choices is missing (did you mean 'text'?)",
        refusal("{{choices.texts}}"));
    assertEquals("the field 'none' is null", refusal("{{none}}"));
    assertEquals("'choices.text' has 2 items, none at [2]", refusal("{{choices.text[2]}}"));
    assertEquals("C is not one of [A, B]", refusal("{{choices.label.index('C')}}"));
    assertEquals("a list cannot stand in a prompt", refusal("x {{choices.text}}"));
    assertEquals("a text is needed, not a whole number", refusal("{{n.strip()}}"));
    assertEquals("'q' is a text and 'n' is a whole number: they have no sum", refusal("{{q + n}}"));
    assertEquals("'a b  c' is not a whole number", refusal("{{words|int}}"));
    assertEquals("an empty list has no items", refusal("{{empty|first}}"));
  }
}
