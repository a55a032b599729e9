package org.mixtureofmasks.plan;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mixtureofmasks.UserError;

/** What may be spent on a run. */
public sealed interface Budget {
  /** No training: masks and router from activation statistics alone. */
  record TrainingFree() implements Budget {}

  /**
   * Wall time, from the start of the process to the verdict.
   *
   * @param seconds above 0
   */
  record Time(long seconds) implements Budget {}

  /**
   * Training tokens.
   *
   * @param tokens above 0
   */
  record Tokens(long tokens) implements Budget {}

  /** A time: hours, minutes and seconds, each of them optional. */
  Pattern TIME = Pattern.compile("(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,6})s)?");

  /** A number of tokens. */
  Pattern TOKENS = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,6})?)([kmb]?)-?tokens?");

  /**
   * Reads what a person typed: {@code 20m}, {@code 2h}, {@code 1h30m}, {@code 500k-tokens}.
   *
   * @throws UserError (wrong usage) if it is neither a time nor a number of tokens, or nothing
   */
  static Budget parse(String typed) {
    String text = typed.strip().toLowerCase(Locale.ROOT);
    Matcher time = TIME.matcher(text);
    if (time.matches() && !text.isEmpty()) {
      long seconds = 3600 * number(time, 1) + 60 * number(time, 2) + number(time, 3);
      return new Time(positive(seconds, typed));
    }
    Matcher tokens = TOKENS.matcher(text);
    if (tokens.matches()) {
      double unit =
          switch (tokens.group(2)) {
            case "k" -> 1e3;
            case "m" -> 1e6;
            case "b" -> 1e9;
            default -> 1;
          };
      return new Tokens(positive(Math.round(Double.parseDouble(tokens.group(1)) * unit), typed));
    }
    throw UserError.usage(
        "--budget %s is neither a time (20m, 2h, 1h30m) nor a number of training tokens (500k-tokens, 2M-tokens)"
            .formatted(typed));
  }

  private static long number(Matcher matcher, int group) {
    return matcher.group(group) == null ? 0 : Long.parseLong(matcher.group(group));
  }

  private static long positive(long amount, String typed) {
    if (amount < 1) {
      throw UserError.usage(
          "--budget %s is nothing: leave the option out for masks without training"
              .formatted(typed));
    }
    return amount;
  }
}
