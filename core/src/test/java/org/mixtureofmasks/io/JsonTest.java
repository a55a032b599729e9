package org.mixtureofmasks.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void aNumberThatJsonCannotWriteIsNull() {
    assertEquals(0.1, Json.number(0.1));
    assertNull(Json.number(Double.NaN));
    assertNull(Json.number(Double.NEGATIVE_INFINITY));
  }

  @Test
  void everyWayOfWritingIsReadBackTheSame() throws JsonProcessingException {
    ObjectNode tree = Json.object().put("text", "ä\n\uD83D\uDE00").put("x", 1e-300);
    assertEquals(tree, Json.parse(Json.line(tree)));
    assertEquals(tree, Json.parse(Json.pretty(tree)));
    assertEquals(tree, Json.parse(Json.ascii(tree)));
    assertEquals(1, Json.line(tree).lines().count());
    assertEquals(0, Json.ascii(tree).chars().filter(c -> c > 126).count());
  }

  @Test
  void textThatIsNoJsonIsRefused() {
    assertThrows(JsonProcessingException.class, () -> Json.parse("{\"a\": "));
  }
}
