package org.mixtureofmasks.sparsify;

import java.util.List;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;

/**
 * Makes a {@link Method} from a recipe; found by ServiceLoader, one for each value of the recipe's
 * key {@code method}.
 */
public interface MethodProvider {
  /** The value of the key {@code method} that chooses it. */
  String name();

  /**
   * The keys that it adds to recipes. A recipe of another method that gives one of them is refused,
   * since the setting would be ignored.
   */
  List<RecipeSection> sections();

  /**
   * Refuses what a user's recipe asks for in vain or wrongly, before anything is opened: values
   * that do not go together, and keys that are given ({@link Recipe#given}) although others make
   * them ignored.
   *
   * @throws org.mixtureofmasks.UserError (wrong usage)
   */
  default void check(Recipe recipe) {
    // Most methods have keys that check themselves.
  }

  /**
   * A method that has not been prepared yet.
   *
   * @param recipe resolved; holds the keys of {@link #sections()} and of the training loop
   * @param config the dense model's shape
   */
  Method create(Recipe recipe, ModelConfig config);

  /** Tokens of training data that {@link Method#prepare} wants to see; 0 for none. */
  default int calibrationTokens(Recipe recipe) {
    return 0;
  }

  /** Calibration tokens without which {@link Method#prepare} refuses to begin. */
  default int leastCalibrationTokens(Recipe recipe) {
    return 0;
  }

  /** Passes of the whole model over the calibration tokens that each layer's start takes more. */
  default int passesPerLayer(Recipe recipe) {
    return 0;
  }

  /** Bytes that the method holds besides trainable tensors, from its start to the run's end. */
  default long heldBytes(Recipe recipe, ModelConfig config) {
    return 0;
  }

  /**
   * Bytes that a training pass holds for each token and layer besides activations and a mask of
   * them; of operands in fp32.
   */
  default long choiceBytes(Recipe recipe, ModelConfig config) {
    return 0;
  }

  /** Weight w of the dense model's distribution in the loss (1 - w) CE + w KL, in [0, 1]. */
  default double distillation(Recipe recipe) {
    return 0;
  }

  /** Whether the dense model's own weights train too. */
  default boolean trainsWeights(Recipe recipe) {
    return true;
  }

  /** Active share of the FFN's weights that the recipe asks for, in (0, 1]. */
  default double target(Recipe recipe) {
    return 1;
  }

  /** Whether {@link #target} counts what is read for the choice too: the share all-in, in bf16. */
  default boolean targetIsAllIn(Recipe recipe) {
    return false;
  }

  /** The method's variant, as sparse models name it. */
  default String variant(Recipe recipe) {
    return name();
  }
}
