package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * Whether an analysis saw enough text to say what experts do, or neurons of token masks. A share
 * that was counted over n choices is known to about its n-th root: of a handful a headline would be
 * an accident.
 */
public final class FewTokens {
  /** Choices that an expert has to get on average; below, a share is wrong by a fifth and more. */
  private static final double ENOUGH = 30;

  /** Of the neurons that token masks leave out nearly always, the most frequent that are told. */
  private static final double RARE = 0.01;

  private FewTokens() {}

  /**
   * What to say instead of headlines, if there are too few.
   *
   * @param analysis what analysis.json holds
   */
  public static Optional<String> warning(JsonNode analysis) {
    long tokens = analysis.path("tokens").asLong();
    if (ReportData.tokenMasks(analysis)) {
      return tokens * RARE >= ENOUGH
          ? Optional.empty()
          : Optional.of(
              "Only %s: a neuron that one token in a hundred needs is active for %s of them (%.0f would be enough): too few to say which are never or always active; analyse more text."
                  .formatted(
                      ReportText.count(tokens, "token"),
                      ReportText.decimals(tokens * RARE, 1),
                      ENOUGH));
    }
    double each = choices(analysis, tokens);
    return each >= ENOUGH
        ? Optional.empty()
        : Optional.of(
            "Only %s, about %s for each expert of a layer (%.0f would be enough): too few to say what the experts do; analyse more text."
                .formatted(
                    ReportText.count(tokens, "token"), ReportText.decimals(each, 1), ENOUGH));
  }

  /** Whether the experts were removed on enough tokens to compare what is lost without them. */
  static boolean removalHasEnough(JsonNode analysis) {
    return choices(analysis, analysis.path("removal").path("tokens").asLong()) >= ENOUGH;
  }

  /** How often an expert is chosen by so many tokens, all experts alike. */
  private static double choices(JsonNode analysis, long tokens) {
    JsonNode model = analysis.path("model");
    return tokens * model.path("top_k").asDouble() / model.path("experts").asDouble();
  }
}
