package org.mixtureofmasks.report;

/** A page that needs nothing but itself: style, script and charts are part of it. */
final class ReportPage {
  private final String title;
  private final StringBuilder contents = new StringBuilder();
  private final StringBuilder sections = new StringBuilder();
  private final StringBuilder footer = new StringBuilder();

  /**
   * @param title plain text
   */
  ReportPage(String title) {
    this.title = ReportText.escape(title);
  }

  /**
   * Adds a section.
   *
   * @param id unique within the page
   * @param title plain text
   * @param body HTML
   */
  ReportPage section(String id, String title, String body) {
    String name = ReportText.escape(title);
    contents.append("<li><a href=\"#%s\">%s</a></li>\n".formatted(id, name));
    sections
        .append("<section id=\"%s\" aria-labelledby=\"%s-title\">\n".formatted(id, id))
        .append("<h2 id=\"%s-title\">%s</h2>\n".formatted(id, name))
        .append(body)
        .append("</section>\n");
    return this;
  }

  /** Adds a paragraph of plain text at the end. */
  void footer(String text) {
    footer.append(ReportText.paragraph(text));
  }

  String html() {
    return head(title)
        + contents
        + "</ul></nav>\n<main id=\"content\" tabindex=\"-1\">\n"
        + sections
        + "</main>\n<footer>\n"
        + footer
        + ReportText.paragraph(
            "Charts by Apache ECharts %s (Apache License 2.0), which is part of this file."
                .formatted(ReportLibrary.version()))
        + "</footer>\n<script>\n"
        + ReportLibrary.charts()
        + "\n</script>\n<script>\n"
        + ReportLibrary.script()
        + "</script>\n</body>\n</html>\n";
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
