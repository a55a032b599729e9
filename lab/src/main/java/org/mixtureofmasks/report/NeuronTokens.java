package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;

/** The tokens that keep the most neurons and those that keep the fewest. */
final class NeuronTokens {
  private NeuronTokens() {}

  static String html(ReportData d) {
    JsonNode tokens = d.at("tokens_by_neurons");
    if (tokens.isEmpty()) {
      return "";
    }
    String caption = "Mean share of the neurons of all layers, and how often the token occurs";
    return "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n"
            .formatted(caption)
        + "<table class=\"prefer\">\n<caption>%s</caption>\n".formatted(caption)
        + "<thead><tr><th scope=\"col\">neurons</th><th scope=\"col\">tokens</th></tr></thead>\n"
        + "<tbody>\n"
        + row("most", tokens.path("most"))
        + row("fewest", tokens.path("fewest"))
        + "</tbody>\n</table>\n</div>\n";
  }

  private static String row(String name, JsonNode tokens) {
    StringBuilder s = new StringBuilder("<tr><th scope=\"row\">" + name + "</th><td><ul>");
    for (JsonNode token : tokens) {
      s.append("<li>")
          .append(PreferenceTables.code(token))
          .append(" <span class=\"lift\">")
          .append(ReportText.percent(token.path("kept_neurons").asDouble()))
          .append(" (")
          .append(ReportText.count(token.path("count").asLong()))
          .append(")</span></li>");
    }
    return s.append("</ul></td></tr>\n").toString();
  }
}
