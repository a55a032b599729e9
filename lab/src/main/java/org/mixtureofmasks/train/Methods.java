package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeReader;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** The methods that are installed, and recipes that know their keys. */
public final class Methods {
  private static final List<MethodProvider> ALL =
      ServiceLoader.load(MethodProvider.class, Methods.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .sorted(java.util.Comparator.comparing(MethodProvider::name))
          .toList();

  private Methods() {}

  /** Names for the key {@code method}. */
  public static List<String> names() {
    return ALL.stream().map(MethodProvider::name).toList();
  }

  /** Every section that a recipe may have. */
  public static List<RecipeSection> sections() {
    List<RecipeSection> sections = new ArrayList<>();
    sections.add(RunKeys.top(names()));
    for (MethodProvider provider : ALL) {
      sections.addAll(provider.sections());
    }
    sections.addAll(RunKeys.SECTIONS);
    return List.copyOf(sections);
  }

  /**
   * Reads a recipe; keys of a method that it does not choose are refused rather than ignored, and
   * so is what the chosen one would ignore.
   *
   * @param overrides {@code key=value} each
   */
  public static Recipe read(Path file, List<String> overrides) {
    Recipe recipe = new RecipeReader(sections()).read(file, overrides);
    // Not asked of a resolved recipe, which has every key.
    if (recipe.get(RunKeys.TOKENS) > 0 && recipe.given(RunKeys.STEPS)) {
      throw UserError.usage(
          "%s: both train.steps and train.tokens are given: leave one of them out".formatted(file));
    }
    String chosen = provider(recipe).name();
    for (MethodProvider provider : ALL) {
      if (provider.name().equals(chosen)) {
        continue;
      }
      for (RecipeSection section : provider.sections()) {
        for (Key<?> key : section.keys()) {
          if (recipe.given(key)) {
            throw UserError.usage(
                ("%s: %s belongs to the method %s, but the recipe's method is %s: remove the key"
                        + " or change the method")
                    .formatted(file, key.name(), provider.name(), chosen));
          }
        }
      }
    }
    provider(recipe).check(recipe);
    return recipe;
  }

  /**
   * The recipe's method, not prepared yet.
   *
   * @param config the dense model's shape
   * @throws UserError (wrong usage) if it cannot be trained as the recipe says
   */
  public static Method create(Recipe recipe, ModelConfig config) {
    Method method = provider(recipe).create(recipe, config);
    if (recipe.get(RunKeys.RECOMPUTE) && !method.passesAtOnce()) {
      throw UserError.usage(
          ("train.recompute: %s needs all layers of a pass at once, so none can be computed again:"
                  + " leave the key out, or lower train.micro_batch_rows for less memory")
              .formatted(method.name()));
    }
    return method;
  }

  /** What makes the recipe's method. */
  public static MethodProvider provider(Recipe recipe) {
    String name = recipe.get(RunKeys.method(names()));
    return ALL.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
  }
}
