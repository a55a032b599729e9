package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/** What was analysed and what came out, in sentences. */
final class ReportSummary {
  private ReportSummary() {}

  static String html(ReportData d) {
    StringBuilder s = new StringBuilder("<ul class=\"findings\">\n");
    for (String sentence : sentences(d)) {
      s.append("<li>").append(ReportText.escape(sentence)).append("</li>\n");
    }
    s.append("</ul>\n");
    if (!d.at("data").isEmpty()) {
      s.append(data(d).html("The text that was analysed"));
    }
    s.append("<dl class=\"facts\">\n");
    fact(s, d.tokenMasks() ? "token masks" : "router", d.model().path("description"));
    fact(s, "model", d.model().path("path"));
    fact(s, "SHA-256 of its configuration and masks", d.model().path("sha256"));
    fact(s, "command", d.at("command"));
    fact(s, "date", d.at("date"));
    return s.append("</dl>\n").toString();
  }

  private static void fact(StringBuilder s, String name, JsonNode value) {
    if (!value.isMissingNode()) {
      s.append("<dt>" + name + "</dt><dd><code>")
          .append(ReportText.escape(value.asText()))
          .append("</code></dd>\n");
    }
  }

  private static List<String> sentences(ReportData d) {
    List<String> all = new ArrayList<>();
    all.add(d.tokenMasks() ? TokenMaskSummary.model(d) : model(d));
    all.add(tokens(d));
    if (!d.tokenMasks()) {
      all.add(neurons(d)); // of the masks, which no text changes
    }
    Optional<String> few = FewTokens.warning(d.root());
    few.ifPresentOrElse(
        all::add, () -> all.addAll(d.tokenMasks() ? TokenMaskSummary.findings(d) : findings(d)));
    return all;
  }

  private static String model(ReportData d) {
    JsonNode model = d.model();
    return ReportText.count(d.layers().size(), "layer")
        + " of "
        + ReportText.count(d.experts(), "expert")
        + " over "
        + ReportText.count(model.path("intermediate_size").asLong(), "neuron")
        + " each; a token chooses "
        + model.path("top_k").asInt()
        + " of the experts in every layer.";
  }

  /** On what it was analysed, and what that used. */
  private static String tokens(ReportData d) {
    JsonNode model = d.model();
    String used = "";
    if (!d.at("active_ffn_share_measured").isMissingNode()) {
      used =
          ", which used "
              + ReportText.percent(d.at("active_ffn_share_measured").asDouble())
              + " of the FFN a token"
              + (d.tokenMasks() ? TokenMaskSummary.allIn(d) : "")
              + (model.has("target_share")
                  ? " (asked for: "
                      + ReportText.percent(model.path("target_share").asDouble())
                      + ")"
                  : "");
    }
    return "Analysed on "
        + ReportText.count(d.at("tokens").asLong(), "token")
        + (d.at("data").isEmpty() ? "" : " of " + ReportText.count(d.at("data").size(), "data set"))
        + used
        + ".";
  }

  /** What only text can show. */
  private static List<String> findings(ReportData d) {
    List<String> all = new ArrayList<>();
    all.add(load(d));
    if (d.everyLayerHas("/entropy/mean")) {
      all.add(
          "The router's entropy is "
              + ReportText.decimals(d.mean("/entropy/mean"), 3)
              + " nats on average over the layers; a router that cannot tell has "
              + ReportText.decimals(Math.log(d.experts()), 3)
              + ".");
    }
    if (!d.at("subjects").path("names").isEmpty()) {
      all.add("Routing of MMLU subjects: " + DomainCharts.verdict(d.at("subjects")));
    }
    if (d.at("paths").has("distinct")) {
      all.add(PathCharts.count(d.at("paths")));
    }
    if (!FewTokens.removalHasEnough(d.root())) {
      return all;
    }
    ReportData.list(d.at("removal").path("experts")).stream()
        .max(Comparator.comparingDouble(e -> e.path("loss_increase").asDouble()))
        .ifPresent(
            e ->
                all.add(
                    "The expert that is missed most is expert "
                        + e.path("expert").asInt()
                        + " of layer "
                        + e.path("layer").asInt()
                        + ": without it the loss grows by "
                        + ReportText.cell(e.path("loss_increase").asDouble(), 4)
                        + " nats a token."));
    return all;
  }

  /** Shared, routed and pruned neurons over all layers. */
  private static String neurons(ReportData d) {
    List<double[]> hits = d.rows("hits", d.experts() + 1);
    double all = hits.stream().mapToDouble(h -> DoubleStream.of(h).sum()).sum();
    double pruned = hits.stream().mapToDouble(h -> h[0]).sum() / all;
    double shared = hits.stream().mapToDouble(h -> h[d.experts()]).sum() / all;
    return ReportText.percent(shared)
        + " of the neurons are held by every expert, "
        + ReportText.percent(1 - shared - pruned)
        + " by some, and "
        + ReportText.percent(pruned)
        + " by none.";
  }

  private static String load(ReportData d) {
    List<double[]> shares = d.rows("token_share", d.experts());
    int layer = 0;
    int expert = 0;
    long idle = 0;
    for (int l = 0; l < shares.size(); l++) {
      for (int e = 0; e < d.experts(); e++) {
        if (shares.get(l)[e] > shares.get(layer)[expert]) {
          layer = l;
          expert = e;
        }
        idle += shares.get(l)[e] == 0 ? 1 : 0;
      }
    }
    return "The most used expert is expert "
        + expert
        + " of layer "
        + d.layers().get(layer).path("layer").asInt()
        + " with "
        + ReportText.percent(shares.get(layer)[expert])
        + " of that layer's choices; "
        + (idle == 0
            ? "every expert is chosen by some token."
            : ReportText.count(idle, "expert")
                + (idle == 1 ? " is" : " are")
                + " chosen by no token.");
  }

  private static Grid data(ReportData d) {
    boolean grouped = ReportData.list(d.at("data")).stream().anyMatch(one -> one.has("group"));
    List<String> header = new ArrayList<>(List.of("name", "kind"));
    if (grouped) {
      header.add("group");
    }
    header.addAll(List.of("documents", "tokens", "SHA-256"));
    Grid grid = new Grid(header);
    for (JsonNode one : d.at("data")) {
      List<String> row =
          new ArrayList<>(
              List.of(one.path("name").asText(), one.path("kind").asText().replace('_', ' ')));
      if (grouped) {
        row.add(one.path("group").asText().replace('_', ' '));
      }
      String hash = one.path("sha256").asText().replace("sha256:", "");
      row.addAll(
          List.of(
              ReportText.count(one.path("documents").asLong()),
              ReportText.count(one.path("tokens").asLong()),
              hash.substring(0, Math.min(12, hash.length()))));
      grid.row(row);
    }
    return grid;
  }
}
