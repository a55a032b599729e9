package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Optional;

/**
 * A run of the study as it stands.
 *
 * @param reason one line: why it failed; empty otherwise
 * @param figures what came of it, when it is done
 * @param beside the same beside the dense model, when it is done
 */
record RunResult(
    PlannedRun run, Status status, String reason, Optional<Figures> figures, BesideDense beside) {

  enum Status {
    /** Not begun, or stopped on the way. */
    PENDING,
    DONE,
    FAILED;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static RunResult pending(PlannedRun run) {
    return new RunResult(run, Status.PENDING, "", Optional.empty(), BesideDense.NOTHING);
  }

  static RunResult done(PlannedRun run, Figures figures, BesideDense beside) {
    return new RunResult(run, Status.DONE, "", Optional.of(figures), beside);
  }

  static RunResult failed(PlannedRun run, String reason) {
    return new RunResult(run, Status.FAILED, reason, Optional.empty(), BesideDense.NOTHING);
  }

  /** The same outcome for another row that asks for the same run. */
  RunResult as(PlannedRun other) {
    return new RunResult(other, status, reason, figures, beside);
  }

  /** Fills in a member of study.json's runs. */
  void describe(ObjectNode json) {
    json.put("name", run.label());
    json.put("method", run.method());
    describeOptions(json.putObject("options"));
    json.put("reference", run.reference());
    json.put("target", run.target());
    json.put("seed", run.seed());
    json.put("tokens", run.tokens());
    json.put("status", status.word());
    if (!reason.isEmpty()) {
      json.put("reason", reason);
    }
    json.put("recipe_hash", run.hash());
    json.put("folder", "runs/" + run.name());
    figures.ifPresent(f -> f.describe(json));
    beside.describe(json);
  }

  /** Fills in what the row sets. */
  void describeOptions(ObjectNode json) {
    run.options().forEach((key, value) -> putText(json, key, value));
  }

  /** A setting's text as the JSON value that it stands for. */
  private static void putText(ObjectNode to, String key, String text) {
    switch (text) {
      case "true", "false" -> to.put(key, Boolean.parseBoolean(text));
      default -> {
        try {
          double number = Double.parseDouble(text);
          if (number == Math.rint(number) && Math.abs(number) < 1e15) {
            to.put(key, (long) number);
          } else {
            to.put(key, number);
          }
        } catch (NumberFormatException e) {
          to.put(key, text);
        }
      }
    }
  }
}
