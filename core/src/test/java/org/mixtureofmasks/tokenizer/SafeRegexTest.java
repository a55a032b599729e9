package org.mixtureofmasks.tokenizer;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeRegexTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a+)+$", // the classic: 2^n ways to split n letters
        "(a|a)*b",
        "(?:a|aa)+$",
        "(?:(?:a?){3})+",
        "([ab]+){2,}",
        "(a*){10}c",
        "(a)\\1*",
        "\\k<name>",
        "a*a*a*b",
        "a*a*b",
        "\\s*\\s+(?!x)",
        "[]a]+(b)+",
        "(((?i:a|b)*))x",
        "a+(?:a+c)",
        "(?:a+|b)(?:a+|b)c",
        "a?a?a?a?a?a?a?aaaaaaa",
        "(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b",
        "a{0,9}a{0,9}b",
        "(?:ab){1,9}",
        "[ab]**??{1,3}a+^",
        "a{1,3}+b",
        "a{2,}b{3,}[cd]{0,}",
      })
  void patternsThatExplodeAreRefused(String pattern) {
    assertNotNull(SafeRegex.fault(pattern));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a*",
        "a|",
        "(?=a)",
        "(?:a|b?)",
        "\\b",
        "^",
        "(?i)",
        "x{0,3}",
        "a|(b?|c)$",
        "("
      })
  void patternsThatMatchNothingAreRefused(String pattern) {
    assertNotNull(SafeRegex.fault(pattern));
  }

  /** Patterns of published tokenizers that GGUF has no name for here. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\p{N}{1,3}",
        "[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+", // DeepSeek
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
            + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*"
            + "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+", // cl100k
        " ?[^(\\s|[.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C])]+", // BLOOM
        "\\s+$|[^[:alpha:]]+",
      })
  void patternsOfPublishedTokenizersAreTaken(String pattern) {
    assertNull(SafeRegex.fault(pattern));
  }

  @Test
  void everyNamedPatternIsTaken() {
    for (String name : PreTokenizers.names()) {
      for (String pattern : PreTokenizers.patterns(name)) {
        assertNull(SafeRegex.fault(pattern), name);
      }
    }
  }
}
