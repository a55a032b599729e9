package org.mixtureofmasks.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

  private static String text(String template) throws TemplateException {
    return Template.parse(template, Functions.standard()).text(DOCUMENT);
  }

  private static Object value(String template) throws TemplateException {
    return Template.parse(template, Functions.standard()).value(DOCUMENT);
  }

  private static String refusal(String template) {
    return assertThrows(TemplateException.class, () -> text(template)).getMessage();
  }

  @Test
  void expressionsStandBetweenBracesInText() throws TemplateException {
    assertEquals("Q:  Why? \nA:", text("Q: {{q}}\nA:"));
    assertEquals("Why? 3 0.5 True", text("{{ q.strip() }} {{n}} {{f}} {{yes}}"));
    assertEquals("q", text("q"));
    assertEquals("q and {n}", text("q and {n}"));
  }

  @Test
  void fieldsItemsAndSlicesAreTakenAsInPython() throws TemplateException {
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
  void filtersBindTighterThanSums() throws TemplateException {
    assertEquals(1L, value("{{ (label|int) - 1 }}"));
    assertEquals(1L, value("{{ label|int - 1 }}"));
    assertEquals(1L, value("{{choices.label.index('B')}}"));
    assertEquals(List.of(" Why? ", "2!"), value("{{[q, label + '!']}}"));
    assertEquals(6L, value("{{ words|length }}"));
  }

  @Test
  void bracesWithinQuotesEndNoExpression() throws TemplateException {
    assertEquals("}} 3", text("{{ '}}' }} {{n}}"));
    assertEquals("'}}", text("{{ '\\'' + \"}}\" }}"));
  }

  @Test
  void escapesAreReadFromLeftToRightAsInPython() throws TemplateException {
    assertEquals("it's \"so\"\n", text("{{ 'it\\'s \"so\"\\n' }}"));
    assertEquals("\\n", text("{{ '\\\\n' }}"));
    assertEquals("\\\n", text("{{ '\\\\\\n' }}"));
    assertEquals("\\'", text("{{ '\\\\' + \"'\" }}"));
    assertEquals("\t\r\b\f\u0007\u000b", text("{{ '\\t\\r\\b\\f\\a\\v' }}"));
    assertEquals("A\u00e9\u2581\uD83D\uDE00", text("{{ '\\x41\\xe9\\u2581\\U0001F600' }}"));
    assertEquals("\0S8", text("{{ '\\0\\1238' }}"));
    assertEquals("\\d\\ ", text("{{ '\\d\\ ' }}"), "no escape: the backslash stays");
    assertEquals("ab", text("{{ 'a\\\nb' }}"), "an escaped end of line is none");
  }

  @Test
  void escapesWithoutTheirDigitsAreRefused() {
    assertEquals("'\\x4': \\x needs 2 hexadecimal digits of a character", refusal("{{ '\\x4' }}"));
    assertEquals(
        "'\\U00110000': \\U needs 8 hexadecimal digits of a character",
        refusal("{{ '\\U00110000' }}"));
    assertEquals("'{{ 'a\\' }}': a {{ has no }}", refusal("{{ 'a\\' }}"));
  }

  @Test
  void longTextsAreReadAndHostileNestingIsRefused() throws TemplateException {
    String text = "a'".repeat(100_000);
    assertEquals(text, text("{{ \"" + text + "\" }}"));
    assertTrue(refusal("{{" + "(".repeat(150) + "n" + ")".repeat(150) + "}}").contains("nested"));
    assertEquals(
        "an expression has 20002 parts; at most 1000 are read",
        refusal("{{ n" + "+n".repeat(10_000) + "}}"));
    assertTrue(refusal("{{ 1234567890123456789 }}").contains("at most 18 digits"));
  }

  @Test
  void aFilterOfTheCallersOwnIsCalledBesideTheStandardOnes() throws TemplateException {
    Functions more =
        Functions.standard().withFilter("twice", 0, 0, (s, _) -> Values.text(s) + Values.text(s));
    assertEquals("Why?Why?", Template.parse("{{ q|trim|twice }}", more).text(DOCUMENT));
    assertTrue(refusal("{{ q|twice }}").contains("there is no filter 'twice'"));
  }

  @Test
  void nothingIsFilledIntoALiteral() throws TemplateException {
    assertEquals("{{q}} {% x %}", Template.literal("{{q}} {% x %}").text(DOCUMENT));
    assertEquals("", Template.literal("").text(DOCUMENT));
  }

  @Test
  void whatCannotBeReadIsTemplateExceptionWithItsPlace() {
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
  void whatTheDocumentDoesNotHaveIsTemplateExceptionByName() {
    assertEquals("the field 'word' is missing (did you mean 'words'?)", refusal("{{word}}"));
    assertEquals("the field 'question' is missing", refusal("{{question}}"));
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
