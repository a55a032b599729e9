package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Tokens and contexts that each expert prefers: a table for each layer. */
final class PreferenceTables {
  private PreferenceTables() {}

  static String html(ReportData d) {
    if (d.at("experts_prefer").isEmpty()) {
      return "";
    }
    Map<Integer, List<JsonNode>> layers = new TreeMap<>();
    for (JsonNode one : d.at("experts_prefer")) {
      layers.computeIfAbsent(one.path("layer").asInt(), l -> new ArrayList<>()).add(one);
    }
    StringBuilder s =
        new StringBuilder(
            ReportText.paragraph(
                "Tokens that go to an expert more often than tokens do on the whole, by how many"
                    + " times (lift), with how often they were seen there; and places where they"
                    + " stand."
                    + leftOut(d.at("experts_left_out").asLong())));
    layers.forEach(
        (layer, experts) -> {
          String caption = "Layer " + layer + ": what its experts prefer";
          s.append("<details class=\"layer\"><summary>Layer " + layer + "</summary>\n")
              .append("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"")
              .append(caption)
              .append("\">\n<table class=\"prefer\">\n<caption>")
              .append(caption)
              .append("</caption>\n<thead><tr><th scope=\"col\">expert</th>")
              .append("<th scope=\"col\">tokens, times as often</th>")
              .append("<th scope=\"col\">in context</th></tr></thead>\n<tbody>\n");
          experts.forEach(one -> row(s, one));
          s.append("</tbody>\n</table>\n</div>\n</details>\n");
        });
    return s.toString();
  }

  /** Says how many experts a part of the analysis does not have; empty for none. */
  static String leftOut(long experts) {
    return experts == 0
        ? ""
        : " Left out: " + ReportText.count(experts, "expert") + " with fewer tokens.";
  }

  private static void row(StringBuilder s, JsonNode one) {
    s.append("<tr><th scope=\"row\">" + one.path("expert").asInt() + "</th><td><ul>");
    for (JsonNode token : one.path("tokens")) {
      s.append("<li>")
          .append(code(token))
          .append(" <span class=\"lift\">×")
          .append(ReportText.decimals(token.path("lift").asDouble(), 1))
          .append(" (")
          .append(ReportText.count(token.path("count").asLong()))
          .append(")</span></li>");
    }
    s.append("</ul></td><td><ul>");
    for (JsonNode context : one.path("contexts")) {
      s.append("<li>").append(marked(context)).append("</li>");
    }
    s.append("</ul></td></tr>\n");
  }

  /** A token's text; its number where the analysis had no tokenizer. */
  static String code(JsonNode token) {
    String text = token.path("text").asText("#" + token.path("id").asInt());
    return "<code class=\"token\">" + ReportText.escape(visible(text)) + "</code>";
  }

  /** The context with its token marked; a range that is not within the text marks nothing. */
  private static String marked(JsonNode context) {
    String text = context.path("text").asText();
    int from = Math.clamp(context.path("position").path(0).asInt(), 0, text.length());
    int to = Math.clamp(context.path("position").path(1).asInt(from), from, text.length());
    return ReportText.escape(visible(text.substring(0, from)))
        + "<mark>"
        + ReportText.escape(visible(text.substring(from, to)))
        + "</mark>"
        + ReportText.escape(visible(text.substring(to)));
  }

  /** Line breaks and other control characters as signs that can be seen. */
  static String visible(String text) {
    StringBuilder s = new StringBuilder();
    text.chars()
        .forEach(
            c ->
                s.append(
                    c == '\n' ? '↵' : c == '\t' ? '⇥' : c < 0x20 ? (char) (0x2400 + c) : (char) c));
    return s.toString();
  }
}
