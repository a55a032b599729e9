package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.UserError;

/**
 * report.html of an analysis: one page that needs nothing but itself, no network either. Its charts
 * are the paper's figures 5 and 6 (section 3.4) and what else analysis.json holds; behind every
 * chart is the table that it is drawn from.
 */
public final class AnalysisReport {
  private AnalysisReport() {}

  /**
   * The page as HTML.
   *
   * @param analysis what analysis.json holds; a part that is absent is left out and named at the
   *     end
   * @throws UserError when it is of another schema or its arrays do not fit each other
   */
  public static String html(JsonNode analysis) {
    ReportData data = new ReportData(analysis);
    StringBuilder contents = new StringBuilder();
    StringBuilder sections = new StringBuilder();
    List<String> missing = new ArrayList<>();
    for (ReportSection section : ReportSection.ALL) {
      String body = section.body().apply(data);
      if (body.isEmpty()) {
        missing.add(section.title() + " (comes with " + section.source() + ")");
        continue;
      }
      String title = ReportText.escape(section.title());
      contents.append("<li><a href=\"#" + section.id() + "\">" + title + "</a></li>\n");
      sections
          .append(
              "<section id=\""
                  + section.id()
                  + "\" aria-labelledby=\""
                  + section.id()
                  + "-title\">\n")
          .append("<h2 id=\"" + section.id() + "-title\">" + title + "</h2>\n")
          .append(body)
          .append("</section>\n");
    }
    String title = "Experts and masks of " + name(data.model().path("path").asText("a model"));
    return head(ReportText.escape(title))
        + contents
        + "</ul></nav>\n<main id=\"content\" tabindex=\"-1\">\n"
        + sections
        + "</main>\n<footer>\n"
        + (missing.isEmpty()
            ? ""
            : ReportText.paragraph("Not in this report: " + String.join("; ", missing) + "."))
        + ReportText.paragraph(
            "Charts by Apache ECharts "
                + ReportLibrary.version()
                + " (Apache License 2.0), which is part of this file.")
        + "</footer>\n<script>\n"
        + ReportLibrary.charts()
        + "\n</script>\n<script>\n"
        + ReportLibrary.script()
        + "</script>\n</body>\n</html>\n";
  }

  /** The last two names of a path: that of a run's model is "model". */
  private static String name(String path) {
    String[] names = path.split("[/\\\\]");
    return names.length < 2 ? path : names[names.length - 2] + "/" + names[names.length - 1];
  }

  /** The policy makes the browser itself refuse whatever is not in the file. */
  private static String head(String title) {
    return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\
        """
        + title
        + "</title>\n<style>\n"
        + ReportLibrary.style()
        + """
        </style>
        </head>
        <body>
        <a class="skip" href="#content">Skip to the content</a>
        <header>
        <h1>\
        """
        + title
        + """
        </h1>
        <button type="button" id="theme" hidden></button>
        </header>
        <noscript><p>The charts need JavaScript; every number of theirs is in the table beneath.</p></noscript>
        <nav aria-label="Sections"><ul>
        """;
  }
}
