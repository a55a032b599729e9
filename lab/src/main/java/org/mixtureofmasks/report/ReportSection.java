package org.mixtureofmasks.report;

import java.util.List;
import java.util.function.Function;

/**
 * A section of the report.
 *
 * @param id anchor within the page
 * @param source what gives its numbers, for readers of a report without them
 * @param body HTML of its figures; empty when analysis.json has not the numbers
 */
record ReportSection(String id, String title, String source, Function<ReportData, String> body) {
  private static final String ALWAYS = "every analysis";

  private static final ReportSection SUMMARY =
      new ReportSection("summary", "Summary", ALWAYS, ReportSummary::html);

  private static final ReportSection ERROR =
      new ReportSection(
          "error", "Error against the dense model", "--reference DENSE", ErrorChart::html);

  /** All sections of a model with experts, in order. */
  static final List<ReportSection> EXPERTS =
      List.of(
          SUMMARY,
          new ReportSection(
              "selection", "Selection of experts across layers", ALWAYS, SelectionCharts::html),
          new ReportSection("hits", "Shared, routed and pruned neurons", ALWAYS, MaskCharts::hits),
          new ReportSection("overlap", "Overlap of the masks", ALWAYS, MaskCharts::overlap),
          new ReportSection("router", "How sure the router is", ALWAYS, RouterCharts::confidence),
          new ReportSection("load", "Balance of the load", ALWAYS, RouterCharts::load),
          new ReportSection(
              "subjects", "Routing across MMLU subjects", "--mmlu DIR", DomainCharts::subjects),
          new ReportSection(
              "domains", "Experts and data sets", "two data sets or more", DomainCharts::domains),
          new ReportSection(
              "information", "What an expert tells", ALWAYS, RouterCharts::information),
          new ReportSection("paths", "Paths through the layers", ALWAYS, PathCharts::html),
          ERROR,
          new ReportSection(
              "removal",
              "Cost of removing an expert",
              "an analysis without --no-removal",
              CostCharts::removal),
          new ReportSection(
              "history",
              "Masks over training",
              "a run folder in place of a model",
              CostCharts::history),
          new ReportSection(
              "preferences", "Tokens that experts prefer", ALWAYS, PreferenceTables::html));

  /** All sections of a model with token masks, in order. */
  static final List<ReportSection> TOKEN_MASKS =
      List.of(
          SUMMARY,
          new ReportSection("kept", "What tokens keep", ALWAYS, KeptCharts::byLayer),
          new ReportSection(
              "positions", "Neurons by position in the text", ALWAYS, KeptCharts::positions),
          new ReportSection(
              "domains", "What data sets keep", "two data sets or more", KeptCharts::domains),
          new ReportSection(
              "frequency", "Neurons by how often they are active", ALWAYS, NeuronCharts::frequency),
          new ReportSection(
              "neighbours",
              "Neurons that neighbouring tokens share",
              "texts of two tokens or more",
              NeuronCharts::neighbours),
          ERROR,
          new ReportSection(
              "tokens",
              "Tokens with the most and the fewest neurons",
              "a token that occurs five times",
              NeuronTokens::html));

  /** Those of an analysis, in order. */
  static List<ReportSection> of(ReportData d) {
    return d.tokenMasks() ? TOKEN_MASKS : EXPERTS;
  }
}
