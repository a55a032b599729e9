package org.mixtureofmasks.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.io.Sha256;

class PythonJsonTest {
  @Test
  void aDocumentHashesAsCPythonsJsonOfIt() throws IOException {
    String text =
        """
        {"question": "Is \\"it\\" a\\ttab\\u0001 \\u00e9 \\u2013 \\ud83d\\ude00?", "idx": 3,
         "x": 1e-05, "y": [1.5, true, null], "e": [], "o": {}, "n": {"a": ["b"]}}
        """;
    assertEquals(
        "8734d69c284ca78bd487aecb7573a7ae791d8c59ea028e5ecfbd608bb5681ecf",
        Sha256.of(PythonJson.dumps(new ObjectMapper().readTree(text))));
  }

  @Test
  void numbersAreWrittenAsPythonsRepr() {
    double[] values = {1e-5, 1.5e-7, 1e16, 1.2345e22, 123456789.5, 0.0001, -3.25, 0.0, 1e7};
    String[] reprs = {
      "1e-05",
      "1.5e-07",
      "1e+16",
      "1.2345e+22",
      "123456789.5",
      "0.0001",
      "-3.25",
      "0.0",
      "10000000.0"
    };
    for (int i = 0; i < values.length; i++) {
      assertEquals(reprs[i], PythonJson.number(values[i]));
    }
  }
}
