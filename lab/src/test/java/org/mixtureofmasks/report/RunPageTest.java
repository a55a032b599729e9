package org.mixtureofmasks.report;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.io.Json;

/** The page of a run as text. */
class RunPageTest {
  private static ObjectNode model(double perplexity, String text) {
    ObjectNode json = Json.object().put("perplexity", perplexity).put("bytes", 1234567L);
    json.put("active_ffn_share_measured", 0.5);
    json.putArray("active_ffn_share_by_layer").add(0.4).add(0.6);
    json.putArray("continuations").add(text);
    return json;
  }

  private static ObjectNode verdict() {
    ObjectNode json = Json.object().put("words", "Perplexity <rises> by 3 %.");
    json.set("dense", model(12.34, "went on & on"));
    json.set("sparse", model(13.57, "</script>stopped"));
    json.putArray("prompts").add("It was");
    return json;
  }

  @Test
  void figuresLayersAndContinuationsStandThereEscaped() {
    String html = RunPage.html("a <run>", verdict(), List.of());
    assertTrue(html.contains("The run a &lt;run&gt;"));
    assertTrue(html.contains("Perplexity &lt;rises&gt; by 3 %."));
    assertTrue(html.contains("12.34") && html.contains("13.57") && html.contains("1,234,567"));
    assertTrue(html.contains("<td>40.00</td>") && html.contains("<td>60.00</td>"));
    assertTrue(html.contains("&lt;/script&gt;stopped"));
    assertFalse(html.contains("id=\"training\""), "nothing was trained");
  }

  @Test
  void longCurvesAreThinnedOutAndThisIsSaid() {
    List<JsonNode> steps =
        IntStream.rangeClosed(1, 1000)
            .mapToObj(i -> (JsonNode) Json.object().put("step", i).put("loss", 1.0 / i))
            .toList();
    String html = RunPage.html("r", verdict(), steps);
    assertTrue(html.contains("Every 5-th step"));
    assertTrue(html.contains("<th scope=\"row\">996</th>"));
    assertFalse(html.contains("<th scope=\"row\">997</th>"));
    assertFalse(html.contains("id=\"share\""), "these steps have no share");
  }
}
