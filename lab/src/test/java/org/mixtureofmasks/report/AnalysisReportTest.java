package org.mixtureofmasks.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;

/** The page as text: what stands in it, what must not. */
class AnalysisReportTest {
  private static final Pattern ROW =
      Pattern.compile("<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", Pattern.DOTALL);
  private static final Pattern CELL = Pattern.compile("<td>(.*?)</td>", Pattern.DOTALL);

  /** The numbers of a figure's table; one of several by its place. */
  private static List<double[]> table(String html, String figure, int frame) {
    String inside = between(html, "<figure id=\"" + figure + "\"", "</figure>");
    Matcher rows = ROW.matcher(inside.split("<div data-frame=")[frame + 1]);
    List<double[]> table = new ArrayList<>();
    while (rows.find()) {
      table.add(
          CELL.matcher(rows.group(2))
              .results()
              .mapToDouble(c -> Double.parseDouble(c.group(1)))
              .toArray());
    }
    return table;
  }

  private static String between(String text, String from, String to) {
    int begin = text.indexOf(from);
    assertTrue(begin >= 0, from + " is not in the page");
    return text.substring(begin, text.indexOf(to, begin));
  }

  private static void assertNumbers(
      JsonNode expected, double[] actual, double factor, double tolerance) {
    assertEquals(expected.size(), actual.length);
    for (int i = 0; i < actual.length; i++) {
      assertEquals(factor * expected.path(i).asDouble(), actual[i], tolerance);
    }
  }

  @Test
  void tablesHoldTheNumbersOfTheAnalysis() {
    ObjectNode a = SampleAnalysis.of(3, 4);
    String html = AnalysisReport.html(a);
    for (int l = 0; l < 3; l++) {
      JsonNode layer = a.path("layers").path(l);
      assertNumbers(
          layer.path("token_share"), table(html, "selection-tokens", 0).get(l), 100, 0.006);
      assertNumbers(
          layer.path("neuron_share"), table(html, "selection-neurons", 0).get(l), 100, 0.006);
      assertNumbers(layer.path("hits"), table(html, "hits-by-layer", 0).get(l), 1, 0);
      double[] error = table(html, "error-by-layer", 0).get(l);
      assertEquals(100 * layer.at("/output_error/relative_squared").asDouble(), error[0], 0.006);
      double[] entropy = table(html, "router-entropy", 0).get(l);
      assertEquals(layer.at("/entropy/mean").asDouble(), entropy[0], 0.0006);
      assertEquals(layer.at("/load_entropy").asDouble(), entropy[1], 0.0006);
      for (int e = 0; e < 4; e++) {
        assertNumbers(
            layer.path("jaccard").path(e), table(html, "overlap-by-layer", l).get(e), 1, 0.0006);
        double[] both = table(html, "selection-by-layer", l).get(e);
        assertEquals(100 * layer.path("token_share").path(e).asDouble(), both[0], 0.006);
        assertEquals(100 * layer.path("neuron_share").path(e).asDouble(), both[1], 0.006);
        assertNumbers(
            a.at("/domains/token_share").path(l).path(e),
            table(html, "domains-by-layer", l).get(e),
            100,
            0.006);
        assertEquals(
            a.at("/removal/experts").path(4 * l + e).path("loss_increase").asDouble(),
            table(html, "removal-cost", 0).get(l)[e],
            0.00006);
      }
      double[] density = table(html, "history-density", 0).get(l);
      for (int s = 0; s < density.length; s++) {
        JsonNode at = a.path("history").path(s).path("layers").path(l);
        assertEquals(100 * at.path("density").asDouble(), density[s], 0.006);
      }
    }
    for (int e = 0; e < 4; e++) {
      JsonNode joint = a.at("/paths/pairs/1/joint").path(e);
      assertNumbers(joint, table(html, "paths-joint", 1).get(e), 100, 0.006);
    }
  }

  @Test
  void tablesHoldTheNumbersOfTokenMasks() {
    ObjectNode a = SampleTokenMasks.of(3);
    String html = AnalysisReport.html(a);
    for (int l = 0; l < 3; l++) {
      JsonNode layer = a.path("layers").path(l);
      for (String what : List.of("inputs", "neurons")) {
        double[] kept = table(html, "kept-" + what, 0).get(l);
        JsonNode figures = layer.path("kept_" + what);
        List<String> order = List.of("mean", "standard_deviation", "p05", "median", "p95");
        for (int i = 0; i < order.size(); i++) {
          assertEquals(100 * figures.path(order.get(i)).asDouble(), kept[i], 0.006);
        }
        double[] calibrated = table(html, "kept-calibrated", 0).get(l);
        assertEquals(
            100 * figures.path("calibrated").asDouble(),
            calibrated[what.equals("inputs") ? 3 : 1],
            0.006);
      }
      assertNumbers(
          layer.path("share_histogram"), table(html, "kept-histogram", 0).get(l), 100, 0.006);
      assertNumbers(
          layer.path("frequency_histogram"),
          table(html, "neurons-by-frequency", 0).get(l),
          100,
          0.006);
      double[] overlap = table(html, "neighbour-overlap", 0).get(l);
      assertEquals(layer.at("/neighbour_overlap/mean").asDouble(), overlap[0], 0.0006);
      assertEquals(layer.at("/neighbour_overlap/by_chance").asDouble(), overlap[1], 0.0006);
      assertEquals(
          100 * layer.path("active_share").asDouble(),
          table(html, "active-by-layer", 0).get(l)[0],
          0.006);
      for (int b = 0; b < 3; b++) {
        assertEquals(
            100 * a.at("/positions/%s/kept_neurons/%s".formatted(b, l)).asDouble(),
            table(html, "kept-by-position", 0).get(l)[b],
            0.006);
      }
      assertNumbers(
          a.at("/domains/kept_neurons").path(l),
          table(html, "kept-by-domain", 0).get(l),
          100,
          0.006);
      assertNumbers(
          a.at("/domains/kept_inputs").path(l),
          table(html, "kept-by-domain", 1).get(l),
          100,
          0.006);
    }
    assertFalse(html.contains("Not in this report"), "nothing of experts is missed");
    assertTrue(html.contains("The first token of a text keeps 10.0\u00a0% of the neurons,"), html);
    assertTrue(html.contains("from position 4 on 30.0\u00a0%."), html);
    assertTrue(html.contains("3 layers of 384 neurons each: each token reads"), html);
    assertTrue(html.contains("<code class=\"token\"> the</code> <span class=\"lift\">61.0"));
    assertTrue(html.contains("<code class=\"token\">#7</code>"), "an id without a text");
    assertTrue(html.contains("used 50.1\u00a0% of the FFN a token (asked for: 50.0\u00a0%)"), html);
    ((ObjectNode) a.path("model")).put("choice", "preview");
    String preview = AnalysisReport.html(a.put("share_all_in_measured", 0.613));
    assertTrue(preview.contains("FFN a token, 61.3\u00a0% of its bytes with the preview (asked"));
  }

  @Test
  void aHandfulOfTokensSaysNothingOfNeuronsThatAreNeverActive() {
    ObjectNode analysis = SampleTokenMasks.of(2);
    assertEquals(Optional.empty(), FewTokens.warning(analysis));
    assertTrue(AnalysisReport.html(analysis).contains("as good as shared"));
    analysis.put("tokens", 2999);
    String few = AnalysisReport.html(analysis);
    assertTrue(few.contains("Only 2,999 tokens: a neuron that one token in a hundred needs"), few);
    assertFalse(few.contains("as good as shared"));
  }

  @Test
  void subjectsAreOrderedByTheirGroups() {
    ObjectNode a = SampleAnalysis.of(2, 4);
    String html = AnalysisReport.html(a);
    List<Integer> order =
        IntStream.range(0, 57).boxed().sorted(Comparator.comparingInt(i -> (i + 3) % 4)).toList();
    List<double[]> cosine = table(html, "subjects-cosine", 0);
    for (int i = 0; i < 57; i++) {
      for (int j = 0; j < 57; j++) {
        JsonNode expected = a.at("/subjects/cosine").path(order.get(i)).path(order.get(j));
        assertEquals(expected.asDouble(), cosine.get(i)[j], 0.0006);
      }
    }
    assertTrue(
        html.contains("[[&quot;STEM&quot;,14],[&quot;humanities&quot;,14]"), "group borders");
    assertTrue(
        html.contains("Mean within a group 0.9661, between groups 0.9412; p = 0.00010 over"));
  }

  @Test
  void textOfTheModelAndOfTheDataStaysText() {
    String hostile = "</script><img src=x>\"'&";
    ObjectNode a = SampleAnalysis.of(2, 2);
    a.put("command", hostile);
    ((ObjectNode) a.path("model")).put("description", hostile).put("path", hostile);
    ((ObjectNode) a.at("/data/0")).put("name", hostile);
    a.withObject("/domains").withArray("names").set(0, hostile);
    ((ObjectNode) a.at("/experts_prefer/0/tokens/0")).put("text", hostile);
    ((ObjectNode) a.at("/experts_prefer/0/contexts/0")).put("text", hostile);
    ((ObjectNode) a.at("/experts_prefer/1/contexts/0")).putArray("position").add(90).add(95);
    a.withObject("/subjects").withArray("names").set(0, hostile);
    String html = AnalysisReport.html(a).replace(ReportLibrary.charts(), "");
    assertFalse(html.contains("<img"), "no element out of text");
    assertEquals(2, html.split("</script>", -1).length - 1, "the two scripts of the page end once");
    assertTrue(
        html.contains("<code class=\"token\">&lt;/script&gt;&lt;img src=x&gt;&quot;'&amp;</code>"));
  }

  @Test
  void thePageAsksForNothingOutsideItself() {
    String html = AnalysisReport.html(SampleAnalysis.of(2, 4));
    String own = html.replace(ReportLibrary.charts(), "");
    assertFalse(own.contains("http:") || own.contains("https:"), "no address");
    assertFalse(Pattern.compile("\\ssrc=|@import|url\\(").matcher(own).find(), "no resource");
    assertTrue(Pattern.compile("href=\"(?!#)").matcher(own).results().findAny().isEmpty());
    assertTrue(html.contains("default-src 'none'"), "and the browser is told to ask for nothing");
    assertTrue(html.contains("Licensed to the Apache Software Foundation"), "the licence's header");
    assertTrue(html.contains("Copyright 2017-2022 The Apache Software Foundation"), "its notice");
  }

  @Test
  void whatIsAbsentIsLeftOutAndNamedAtTheEnd() {
    ObjectNode a = SampleAnalysis.of(2, 4);
    assertFalse(AnalysisReport.html(a).contains("Not in this report"));
    a.remove(List.of("domains", "subjects", "removal", "history", "paths", "experts_prefer"));
    a.path("layers").forEach(layer -> ((ObjectNode) layer).remove("output_error"));
    String html = AnalysisReport.html(a);
    String missing = between(html, "Not in this report", "</p>");
    for (ReportSection section : ReportSection.EXPERTS) {
      boolean there = html.contains("<section id=\"" + section.id() + "\"");
      assertEquals(there, html.contains("href=\"#" + section.id() + "\""), section.id());
      assertEquals(!there, missing.contains(section.title()), section.id());
    }
    assertEquals(7, missing.split(";").length);
    assertTrue(
        missing.contains(
            "Cost of removing an expert (comes with an analysis without --no-removal"));
  }

  @Test
  void aLargeModelMakesAPageOfAFewMegabytes() {
    ObjectNode a = SampleAnalysis.of(24, 128);
    a.remove("experts_prefer"); // bounded by the analysis
    String html = AnalysisReport.html(a);
    int bytes = html.getBytes(StandardCharsets.UTF_8).length;
    assertTrue(bytes < 5_000_000, "bytes: " + bytes);
    List<double[]> joint = table(html, "paths-joint", 22);
    assertEquals(ReportData.SHOWN, joint.size());
    assertEquals(ReportData.SHOWN, joint.getFirst().length);
    JsonNode share = a.at("/layers/22/token_share");
    int most =
        IntStream.range(0, 128)
            .boxed()
            .max(Comparator.comparingDouble(e -> share.path(e).asDouble()))
            .orElseThrow();
    String frame =
        between(html, "<figure id=\"overlap-by-layer\"", "</figure>").split("<div data-frame=")[23];
    assertTrue(frame.contains("<th scope=\"row\">" + most + "</th>"), "the most used is shown");
    assertTrue(html.contains("Shown are the 32 of 128 experts with the most tokens"));
  }

  @Test
  void rangesOfHitsHoldEveryNumberOnce() {
    for (int experts : new int[] {1, 2, 3, 16, 17, 24, 128, 256}) {
      List<MaskCharts.Bin> bins = MaskCharts.bins(experts);
      int next = 0;
      for (MaskCharts.Bin bin : bins) {
        assertEquals(next, bin.from());
        assertTrue(bin.to() >= bin.from());
        next = bin.to() + 1;
      }
      assertEquals(experts + 1, next);
      assertEquals("0 (pruned)", bins.getFirst().label(experts));
      assertEquals(experts + " (shared by all)", bins.getLast().label(experts));
    }
  }

  @Test
  void anAnalysisThatDoesNotFitIsOneLine() {
    ObjectNode other = SampleAnalysis.of(2, 4).put("schema", "mom-analysis/9");
    UserError schema = assertThrows(UserError.class, () -> AnalysisReport.html(other));
    assertTrue(schema.getMessage().contains("\"mom-analysis/9\""), schema.getMessage());
    ObjectNode torn = SampleAnalysis.of(2, 4);
    torn.withArray("/layers/1/token_share").remove(0);
    UserError length = assertThrows(UserError.class, () -> AnalysisReport.html(torn));
    assertEquals(
        "analysis.json: Layer 1's token_share has 3 entries where 4 belong", length.getMessage());
  }

  @Test
  void smallNumbersKeepTwoDigits() {
    assertEquals("12.34", ReportText.percentCell(0.12341));
    assertEquals("0.0012", ReportText.percentCell(0.0000121));
    assertEquals("-0.00010", ReportText.cell(-0.0001, 3));
    assertEquals("0.000", ReportText.cell(0, 3));
  }

  @Test
  void aHandfulOfTokensGivesNoHeadlines() {
    ObjectNode analysis = SampleAnalysis.of(2, 4);
    assertTrue(AnalysisReport.html(analysis).contains("The most used expert is"));
    assertEquals(Optional.empty(), FewTokens.warning(analysis));
    analysis.put("tokens", 20);
    String few = AnalysisReport.html(analysis);
    assertTrue(few.contains("Only 20 tokens, about 5.0 for each expert of a layer"), few);
    assertFalse(few.contains("The most used expert is"));
    assertFalse(few.contains("The expert that is missed most"));
    assertTrue(few.contains("of the neurons are held by every expert"), "the masks need no text");
  }

  @Test
  void expertsRemovedOnAHandfulOfTokensAreNotRanked() {
    ObjectNode analysis = SampleAnalysis.of(2, 4);
    assertTrue(AnalysisReport.html(analysis).contains("The expert that is missed most"));
    ((ObjectNode) analysis.get("removal")).put("tokens", 100);
    String html = AnalysisReport.html(analysis);
    assertFalse(html.contains("The expert that is missed most"));
    assertTrue(html.contains("The most used expert is"));
  }
}
