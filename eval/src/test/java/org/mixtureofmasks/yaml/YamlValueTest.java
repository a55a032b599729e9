package org.mixtureofmasks.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.mixtureofmasks.UserError;

class YamlValueTest {
  private static final Map<String, String> KEYS = Map.of("a", "the first", "b", "the second");

  private static YamlMapping mapping(String text) {
    return YamlValue.ofFile(text, "f.yaml").orElseThrow().mapping("a thing", KEYS);
  }

  private static String refusal(Executable reading) {
    UserError error = assertThrows(UserError.class, reading);
    assertEquals(UserError.USAGE, error.exitCode());
    assertEquals(1, error.getMessage().lines().count(), error.getMessage());
    return error.getMessage();
  }

  @Test
  void valuesAreReadAsWhatTheyShouldBe() {
    YamlMapping m = mapping("a: [1, '2', x]\nb: {n: 0.5, yes: true, none: ''}\n");
    List<YamlValue> items = m.required("a").items();
    assertEquals(1, items.get(0).whole(0, 3));
    assertEquals("2", items.get(1).text("a text"));
    assertTrue(items.get(1).isQuoted());
    assertEquals("x", items.get(2).choice(List.of("x", "y")));
    Map<String, YamlValue> members = m.required("b").members("b", "b.");
    assertEquals(0.5, members.get("n").number(x -> x < 1, "below 1"));
    assertTrue(members.get("yes").flag());
    assertEquals("", members.get("none").textOrEmpty());
    assertEquals(1, members.get("n").items().size());
    assertFalse(members.get("n").isList());
  }

  @Test
  void anErrorNamesFileLineKeyAndWhatStandsThere() {
    YamlMapping m = mapping("a:\n  - 1\n  - '2'\nb: {n: 7}\n");
    assertEquals(
        "f.yaml:3: a: the quoted text '2' is not a whole number",
        refusal(() -> m.required("a").items().get(1).whole(0, 3)));
    assertEquals(
        "f.yaml:2: a: 1 is not in [2, 3]",
        refusal(() -> m.required("a").items().get(0).whole(2, 3)));
    YamlValue n = m.required("b").members("b", "b.").get("n");
    assertEquals("f.yaml:4: b.n: 7 is not below 1", refusal(() -> n.number(x -> x < 1, "below 1")));
    assertEquals("f.yaml:4: b.n: '7' is neither true nor false", refusal(n::flag));
    assertEquals(
        "f.yaml:4: b.n: '7' is not one of 6, 8 (did you mean '6'?)",
        refusal(() -> n.choice(List.of("6", "8"))));
    assertEquals("f.yaml:4: b.n: give a list with at least one item", refusal(n::list));
    assertEquals(
        "f.yaml:1: a: a sequence is not a text", refusal(() -> m.required("a").text("a text")));
  }

  @Test
  void keysAreKnownAndStandOnce() {
    assertEquals(
        "f.yaml:1: unknown key 'aa' (did you mean 'a'?)", refusal(() -> mapping("aa: 1\n")));
    assertTrue(
        refusal(() -> mapping("surprise: 1\n"))
            .startsWith("f.yaml:1: unknown key 'surprise'; known keys: "));
    assertEquals(
        "f.yaml:2: the key a stands here a second time", refusal(() -> mapping("a: 1\na: 2\n")));
    assertEquals(
        "f.yaml: the key b is missing: the second", refusal(() -> mapping("a: 1\n").required("b")));
    assertEquals("f.yaml:1: a key must be a word", refusal(() -> mapping("[1]: 2\n")));
    assertEquals(
        "f.yaml:1: a thing is made of lines 'key: value'", refusal(() -> mapping("- a\n")));
  }

  @Test
  void tagsThatWouldMakeObjectsAreRefused() {
    assertEquals(
        "f.yaml:1: a: no tags such as !java.lang.Runtime are read",
        refusal(() -> mapping("a: !java.lang.Runtime x\n")));
  }

  @Test
  void aVariableAloneIsATextLikeOneWithinAPath() {
    assertEquals("${DATA}", mapping("a: ${DATA}\n").required("a").text("a path"));
    assertEquals("${DATA}/x", mapping("a: ${DATA}/x\n").required("a").text("a path"));
  }

  @Test
  void aValueFromElsewhereHasItsPlaceInsteadOfALine() {
    YamlValue value = YamlValue.ofText("[1, x]", "--set a=[1, x]", "a").orElseThrow();
    assertEquals(
        "--set a=[1, x]: a: 'x' is not a whole number at least 0",
        refusal(() -> value.items().get(1).whole(0, Integer.MAX_VALUE)));
    assertTrue(YamlValue.ofText("", "--set a=", "a").isEmpty());
  }
}
