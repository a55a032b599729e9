package org.mixtureofmasks.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.harness.ResultsComparison;
import org.mixtureofmasks.harness.SavedResults;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.PairedBootstrap;
import org.mixtureofmasks.task.Metric;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mom compare}: saved results of tasks side by side, and how sure the differences are. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Compares saved results of tasks: differences to the first, and how sure they are.",
    footer = {
      "",
      "Examples:",
      "  mom compare dense-results sparse-results",
      "  mom compare a b c/results_2026-11-24T17-05-09.000120.json --json",
      "",
      "RESULTS is a folder that 'mom evaluate --tasks ... --out' or lm-evaluation-harness (with",
      "--log_samples) wrote, whose newest results count, or a results file with its samples beside.",
      "Differences are of the same documents: a bootstrap draws documents with replacement, the same",
      "for all models. In brackets the 2.5th and 97.5th percentile; p is two-sided. Accuracies and",
      "their differences are in percent. Retention is a figure over the first model's, or the other",
      "way where less is better; above chance: the same after what guessing gives (the mean of",
      "1 / choices) was taken off both."
    })
public final class CompareVerb implements Verb {
  @Parameters(
      paramLabel = "RESULTS",
      arity = "2..*",
      description = "Folders or files; the first is what the others are compared with.")
  private List<Path> paths;

  @Option(
      names = "--resamples",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Of the bootstrap. Default: ${DEFAULT-VALUE}.")
  private int resamples;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1234",
      description = "Of the bootstrap; the same gives the same figures. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private OutputOptions output;

  @Override
  public Integer call() {
    if (resamples < 100) {
      throw UserError.usage("--resamples %s: it must be at least 100".formatted(resamples));
    }
    List<SavedResults> results = paths.stream().map(SavedResults::read).toList();
    ResultsComparison comparison = ResultsComparison.of(results, resamples, seed);
    comparison.warnings().forEach(warning -> Terminal.note("warning: %s".formatted(warning)));
    output.print(json(results, comparison), () -> table(results, comparison));
    return 0;
  }

  private ObjectNode json(List<SavedResults> results, ResultsComparison comparison) {
    ObjectNode json = Json.object();
    ArrayNode models = json.putArray("models");
    for (SavedResults r : results) {
      models.addObject().put("file", r.file().toString()).put("model_name", r.model());
    }
    ArrayNode rows = json.putArray("rows");
    for (ResultsComparison.Row row : comparison.rows()) {
      ObjectNode object = rows.addObject();
      object.put("name", row.name());
      object.put("metric", row.metric().key());
      object.put("documents", row.documents());
      ArrayNode values = object.putArray("values");
      row.values().forEach(value -> values.add(Json.number(value)));
      ArrayNode differences = object.putArray("differences");
      for (PairedBootstrap.Difference d : row.differences()) {
        differences
            .addObject()
            .put("value", Json.number(d.value()))
            .put("low", Json.number(d.low()))
            .put("high", Json.number(d.high()))
            .put("p_value", d.pValue());
      }
      object.put("chance", row.chance().isPresent() ? row.chance().getAsDouble() : null);
      ArrayNode retention = object.putArray("retention");
      ArrayNode above = object.putArray("retention_above_chance");
      for (int m = 1; m < row.values().size(); m++) {
        retention.add(Json.number(row.retention(m)));
        above.add(Json.number(row.retentionAboveChance(m).orElse(Double.NaN)));
      }
    }
    ArrayNode warnings = json.putArray("warnings");
    comparison.warnings().forEach(warnings::add);
    json.put("resamples", resamples);
    json.put("seed", seed);
    return json;
  }

  private static String table(List<SavedResults> results, ResultsComparison comparison) {
    Table table = new Table();
    List<String> head = new ArrayList<>(List.of("", "metric", "documents"));
    for (int m = 0; m < results.size(); m++) {
      head.add(letter(m));
      if (m > 0) {
        head.addAll(List.of(letter(m) + " - A", "[95 %]", "p"));
      }
    }
    table.row(head);
    for (ResultsComparison.Row row : comparison.rows()) {
      List<String> cells =
          new ArrayList<>(List.of(row.name(), row.metric().key(), String.valueOf(row.documents())));
      for (int m = 0; m < results.size(); m++) {
        cells.add(number(row.metric(), row.values().get(m), ""));
        if (m > 0) {
          PairedBootstrap.Difference d = row.differences().get(m - 1);
          cells.add(number(row.metric(), d.value(), "+"));
          cells.add(
              "["
                  + number(row.metric(), d.low(), "+")
                  + ", "
                  + number(row.metric(), d.high(), "+")
                  + "]");
          cells.add(Table.decimals(d.pValue(), 4));
        }
      }
      table.row(cells);
    }
    StringBuilder text = new StringBuilder(table.toString());
    for (int m = 0; m < results.size(); m++) {
      text.append(System.lineSeparator()).append(letter(m)).append(": ");
      text.append(results.get(m).model()).append(" (").append(results.get(m).file()).append(")");
    }
    return text + System.lineSeparator() + System.lineSeparator() + kept(results, comparison);
  }

  /** What of the first model's figures the others kept, and of what it has above chance. */
  private static Table kept(List<SavedResults> results, ResultsComparison comparison) {
    Table table = new Table();
    List<String> head = new ArrayList<>(List.of("retention", "metric", "chance"));
    for (int m = 1; m < results.size(); m++) {
      head.addAll(List.of(letter(m) + " / A", "above chance"));
    }
    table.row(head);
    for (ResultsComparison.Row row : comparison.rows()) {
      List<String> cells = new ArrayList<>(List.of(row.name(), row.metric().key()));
      cells.add(percent(row.chance()));
      for (int m = 1; m < results.size(); m++) {
        double retention = row.retention(m);
        cells.add(
            percent(
                Double.isFinite(retention)
                    ? OptionalDouble.of(retention)
                    : OptionalDouble.empty()));
        cells.add(percent(row.retentionAboveChance(m)));
      }
      table.row(cells);
    }
    return table;
  }

  private static String percent(OptionalDouble share) {
    return share.isPresent() ? Table.percent(share.getAsDouble(), 1) : "-";
  }

  private static String letter(int model) {
    return model < 26 ? String.valueOf((char) ('A' + model)) : "model " + (model + 1);
  }

  private static String number(Metric metric, double value, String flags) {
    return Estimate.isShare(metric)
        ? String.format(Locale.ROOT, "%" + flags + ".2f", 100 * value)
        : String.format(Locale.ROOT, "%" + flags + ".4f", value);
  }
}
