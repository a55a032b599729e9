package org.mixtureofmasks.template;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PythonTextTest {
  @Test
  void capitalizingLowersTheRest() {
    assertEquals("One of them throws", PythonText.capitalize("one of them THROWS"));
    assertEquals(" a dog", PythonText.capitalize(" A Dog"));
    assertEquals("", PythonText.capitalize(""));
    assertEquals("4 men", PythonText.capitalize("4 MEN"));
  }

  @Test
  void capitalizingKnowsTitleCaseAndTheFinalSigmaAsPythonDoes() {
    assertEquals("Οδος she", PythonText.capitalize("ΟΔΟΣ she"));
    assertEquals("Ssz", PythonText.capitalize("ßZ"));
    assertEquals("Fine", PythonText.capitalize("ﬁNE"));
    assertEquals("ǅo", PythonText.capitalize("ǆO"));
    assertEquals("აb", PythonText.capitalize("აB"));
    assertEquals("ᾈbx", PythonText.capitalize("ᾀBx"));
    assertEquals("İx", PythonText.capitalize("İX"));
  }

  @Test
  void strippingTakesTheWhiteSpaceThatPythonKnows() {
    assertEquals("b \u3000", PythonText.stripLeading("\u00a0\u001c b \u3000"));
  }
}
