package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.mixtureofmasks.report.ReportFigure.Kind;

/**
 * report.html of a run: its verdict, its curves, the share of each layer, continuations of both
 * models.
 */
public final class RunPage {
  /** More steps than this are thinned out in the curves; metrics.jsonl has them all. */
  private static final int POINTS = 200;

  private RunPage() {}

  /**
   * The page as HTML.
   *
   * @param name of the run
   * @param verdict what verdict.json holds
   * @param metrics lines of metrics.jsonl, in order; none for a run without training
   */
  public static String html(String name, JsonNode verdict, List<JsonNode> metrics) {
    ReportPage page = new ReportPage("The run " + name);
    page.section(
        "verdict",
        "Dense beside sparse",
        ReportText.paragraph(verdict.path("words").asText())
            + figures(verdict).html("Both models"));
    List<JsonNode> steps = metrics.stream().filter(m -> m.has("loss")).toList();
    if (!steps.isEmpty()) {
      page.section("training", "Training", curves(steps));
    }
    page.section("layers", "Share by layer", layers(verdict));
    page.section("texts", "Two continuations", texts(verdict));
    return page.html();
  }

  private static Grid figures(JsonNode verdict) {
    JsonNode dense = verdict.path("dense");
    JsonNode sparse = verdict.path("sparse");
    Grid grid = new Grid(List.of("", "dense", "sparse"));
    row(grid, "perplexity, held-out text", dense, sparse, "perplexity", 2);
    grid.row(
        List.of(
            "active share of the FFN, measured",
            ReportText.percent(1),
            ReportText.percent(sparse.path("active_ffn_share_measured").asDouble())));
    grid.row(
        List.of(
            "bytes read for FFN and choice, of the dense FFN's",
            ReportText.percent(1),
            ReportText.percent(sparse.path("share_all_in_measured").asDouble())));
    row(grid, "decode, tokens/s", dense, sparse, "decode_tokens_per_second", 1);
    row(grid, "prefill, tokens/s", dense, sparse, "prefill_tokens_per_second", 0);
    counts(grid, "bytes of weights", dense, sparse, "bytes");
    counts(grid, "bytes read per token", dense, sparse, "bytes_per_token");
    return grid;
  }

  private static void row(
      Grid grid, String name, JsonNode dense, JsonNode sparse, String key, int digits) {
    grid.row(
        List.of(
            name,
            ReportText.decimals(dense.path(key).asDouble(), digits),
            ReportText.decimals(sparse.path(key).asDouble(), digits)));
  }

  private static void counts(Grid grid, String name, JsonNode dense, JsonNode sparse, String key) {
    grid.row(
        List.of(
            name,
            ReportText.count(dense.path(key).asLong()),
            ReportText.count(sparse.path(key).asLong())));
  }

  private static String curves(List<JsonNode> steps) {
    Grid loss = new Grid(List.of("step", "training loss"));
    Grid share = new Grid(List.of("step", "expected active share"));
    boolean shares = steps.stream().allMatch(m -> m.has("expected_density"));
    int every = Math.ceilDiv(steps.size(), POINTS);
    for (int i = 0; i < steps.size(); i += every) {
      JsonNode line = steps.get(i);
      String step = line.path("step").asText();
      loss.row(List.of(step, ReportText.cell(line.path("loss").asDouble(), 4)));
      if (shares) {
        share.row(List.of(step, ReportText.percentCell(line.path("expected_density").asDouble())));
      }
    }
    String note =
        every == 1 ? "" : "Every %d-th step; metrics.jsonl has them all.".formatted(every);
    String curves =
        new ReportFigure(Kind.LINES, "loss", "Training loss", note)
            .axes("step", "loss", "nats")
            .frame("loss", loss)
            .html();
    if (shares) {
      curves +=
          new ReportFigure(Kind.LINES, "share", "Active share of the FFN", note)
              .axes("step", "share", "%")
              .frame("share", share)
              .html();
    }
    return curves;
  }

  private static String layers(JsonNode verdict) {
    Grid grid = new Grid(List.of("layer", "active share"));
    int layer = 0;
    for (JsonNode share : verdict.path("sparse").path("active_ffn_share_by_layer")) {
      grid.row(List.of(Integer.toString(layer++), ReportText.percentCell(share.asDouble())));
    }
    return new ReportFigure(
            Kind.BARS,
            "layer-shares",
            "Active share of each layer's FFN",
            "Measured on the held-out text, shared neurons included.")
        .axes("layer", "share", "%")
        .frame("shares", grid)
        .html();
  }

  private static String texts(JsonNode verdict) {
    StringBuilder html = new StringBuilder();
    for (int i = 0; i < verdict.path("prompts").size(); i++) {
      html.append("<h3>")
          .append(ReportText.escape(verdict.path("prompts").get(i).asText()))
          .append(" ...</h3>\n<dl class=\"facts\">\n");
      for (String model : List.of("dense", "sparse")) {
        html.append("<dt>").append(model).append("</dt><dd>");
        html.append(ReportText.escape(verdict.path(model).path("continuations").path(i).asText()));
        html.append("</dd>\n");
      }
      html.append("</dl>\n");
    }
    return html.toString();
  }
}
