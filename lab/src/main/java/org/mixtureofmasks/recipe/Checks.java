package org.mixtureofmasks.recipe;

import org.mixtureofmasks.UserError;

/** What a recipe's keys must be together; the range of each alone is in its declaration. */
public final class Checks {
  private final Recipe recipe;

  public Checks(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * @param otherwise what to say if not: which key has which value, and how to mend it; a format
   *     whose arguments follow
   * @throws UserError (wrong usage)
   */
  public static void require(boolean condition, String otherwise, Object... arguments) {
    if (!condition) {
      throw UserError.usage(otherwise.formatted(arguments));
    }
  }

  /**
   * A key that others leave without effect must not be given.
   *
   * @param why which others, completing "would have no effect: "
   * @throws UserError (wrong usage) if the recipe gives it
   */
  public void requireAbsent(Key<?> key, String why) {
    require(
        !recipe.given(key),
        "%s would have no effect: %s; remove it, or change the other",
        key.name(),
        why);
  }
}
