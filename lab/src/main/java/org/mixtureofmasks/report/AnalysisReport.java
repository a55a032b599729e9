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
    String subject = data.tokenMasks() ? "Token masks of " : "Experts and masks of ";
    ReportPage page = new ReportPage(subject + name(data.model().path("path").asText("a model")));
    List<String> missing = new ArrayList<>();
    for (ReportSection section : ReportSection.of(data)) {
      String body = section.body().apply(data);
      if (body.isEmpty()) {
        missing.add(section.title() + " (comes with " + section.source() + ")");
      } else {
        page.section(section.id(), section.title(), body);
      }
    }
    if (!missing.isEmpty()) {
      page.footer("Not in this report: " + String.join("; ", missing) + ".");
    }
    return page.html();
  }

  /** The last two names of a path: that of a run's model is "model". */
  private static String name(String path) {
    String[] names = path.split("[/\\\\]");
    return names.length < 2 ? path : names[names.length - 2] + "/" + names[names.length - 1];
  }
}
