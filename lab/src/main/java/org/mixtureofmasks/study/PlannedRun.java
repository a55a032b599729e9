package org.mixtureofmasks.study;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mixtureofmasks.io.Sha256;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.recipe.Source;
import org.mixtureofmasks.sparsify.MethodProvider;
import org.mixtureofmasks.train.Methods;

/**
 * One run of a study, its recipe resolved and checked.
 *
 * @param label the row's name with its settings filled in
 * @param options what the row sets, dotted key to value
 * @param target active share of the FFN that its method is asked for, (0, 1]
 * @param tokens input tokens that it trains on
 * @param overrides what makes the recipe of the study's common one, {@code key=value}
 * @param hash of everything that decides what the run computes: "sha256:" and 64 hex digits
 */
public record PlannedRun(
    String label,
    String method,
    SequencedMap<String, String> options,
    boolean reference,
    double target,
    int seed,
    long tokens,
    List<String> overrides,
    Recipe recipe,
    String hash) {

  private static final int NAME_DIGITS = 12;

  public PlannedRun {
    options = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(options));
    overrides = List.copyOf(overrides);
  }

  /** Its folder's name: the hash, shortened. */
  public String name() {
    int from = hash.indexOf(':') + 1;
    return hash.substring(from, from + NAME_DIGITS);
  }

  /** Label and seed, for lines of progress. */
  public String title() {
    return label + ", seed " + seed;
  }

  /**
   * SHA-256 over the parent and the keys that the recipe's method has; files count by what is in
   * them, wherever they lie. Unlike {@link Recipe#hash} it leaves out the keys of other methods, so
   * that a method that is added later does not make all runs anew.
   *
   * @param parent hash of the dense model
   * @param contents the hash of a file's bytes, by its path
   */
  static String hash(Recipe recipe, String parent, UnaryOperator<String> contents) {
    MethodProvider provider = Methods.provider(recipe);
    StringBuilder s = new StringBuilder("parent=").append(parent).append('\n');
    Stream.of(List.of(RunKeys.top(Methods.names())), provider.sections(), RunKeys.SECTIONS)
        .flatMap(List::stream)
        .map(RecipeSection::keys)
        .flatMap(List::stream)
        .filter(key -> !key.equals(RunKeys.MODEL)) // the parent stands for it
        .map(key -> key.name() + "=" + write(key, recipe, contents) + "\n")
        .sorted()
        .forEach(s::append);
    return "sha256:" + Sha256.of(s.toString());
  }

  private static <T> String write(Key<T> key, Recipe recipe, UnaryOperator<String> contents) {
    if (recipe.get(key) instanceof List<?> sources) {
      return sources.stream()
          .map(Source.class::cast)
          .map(source -> contents.apply(source.file()) + " x " + source.weight())
          .collect(Collectors.joining(", "));
    }
    return key.kind().write(recipe.get(key));
  }
}
