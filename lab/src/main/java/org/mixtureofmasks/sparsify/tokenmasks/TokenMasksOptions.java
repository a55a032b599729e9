package org.mixtureofmasks.sparsify.tokenmasks;

import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ShippedThresholds.Choice;
import org.mixtureofmasks.recipe.Key;
import org.mixtureofmasks.recipe.Kind;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.sparsify.MethodKeys;

/**
 * The recipe's section {@code token_masks}: each key declared once, and the value a recipe gives
 * it.
 */
public final class TokenMasksOptions {
  private static final RecipeSection.Builder KEYS =
      RecipeSection.named(
          "token_masks",
          "Token masks: each token reads what is large for it, of inputs and of neurons.");

  static final Key<Choice> CHOICE =
      KEYS.word(
          "choice",
          Choice.INPUTS,
          "what chooses: the absolute values of inputs and of activations (inputs), or a copy of"
              + " gate and up in four bits, read for the large inputs, which says what neurons are"
              + " to be computed exactly (preview)");

  static final Key<Double> TARGET =
      KEYS.number(
          "target",
          0.5,
          Kind.Range.above(0, 1),
          "share of the FFN",
          "what a token reads on average over layers, what it reads for its choice included, as a"
              + " share of the FFN's bytes in bf16");
  static final Key<Split> SPLIT =
      KEYS.word(
          "split",
          Split.BY_LOSS,
          "how the share is spread: over layers and places by what their errors cost the loss on"
              + " the calibration text (by_loss), or the same everywhere (uniform)");
  static final Key<Double> INPUTS =
      KEYS.number(
          "inputs",
          0,
          Kind.Range.of(0, 1),
          "share of hidden_size",
          "with split uniform, inputs that a token reads (choice preview: of the copy, an input of which"
              + " two of four bits are read counts half); the neurons'"
              + " share follows from the target; 0 takes 1.2 · target, with choice preview 0.6,"
              + " at most 2 · target");
  static final Key<Rule> RULE =
      KEYS.word(
          "rule",
          Rule.THRESHOLD,
          "what the tokens of a training step keep: what is above the layer's thresholds (threshold),"
              + " or each token exactly the layer's share (top_k); validation and the model that is"
              + " written have thresholds");
  static final Key<Double> FOLLOW =
      KEYS.number(
          "follow",
          0.5,
          Kind.Range.of(0, 2),
          "",
          "how fast thresholds follow what a training step's tokens kept: the change of log"
              + " threshold for each unit by which the kept share is off; 0 keeps them until the end");
  static final Key<Double> DISTILLATION =
      KEYS.number(
          "distillation",
          1,
          Kind.Range.of(0, 1),
          "",
          "weight w of the dense model in the loss (1 - w) CE + w KL; costs one more forward pass");
  static final Key<Boolean> TRAIN_WEIGHTS =
      KEYS.flag("train_weights", true, "whether the model's weights learn");
  static final Key<Integer> CALIBRATION_TOKENS =
      MethodKeys.calibrationTokens(
          KEYS, 8192, 1 << 20, "training tokens that thresholds and their split are taken from");

  private final Recipe recipe;

  TokenMasksOptions(Recipe recipe) {
    this.recipe = recipe;
  }

  /** All keys. */
  static RecipeSection section() {
    return KEYS.build();
  }

  double target() {
    return recipe.get(TARGET);
  }

  Choice choice() {
    return recipe.get(CHOICE);
  }

  Split split() {
    return recipe.get(SPLIT);
  }

  /** The share of inputs with the uniform split. */
  double inputs() {
    double given = recipe.get(INPUTS);
    return given > 0 ? given : Math.min(1, TokenChoice.by(choice()).inputs(target()));
  }

  /**
   * Refuses a share of inputs that leaves no share of neurons.
   *
   * @param neurons what is left
   */
  void requireNeurons(double neurons) {
    if (neurons <= 0 || neurons > 1) {
      throw UserError.usage(
          ("token_masks.inputs %s leaves %s of the neurons at a target of %s: a share above 0 and at"
                  + " most 1 must be left")
              .formatted(inputs(), neurons, target()));
    }
  }

  /** Whether each token of a training step keeps exactly the share. */
  boolean exact() {
    return recipe.get(RULE) == Rule.TOP_K;
  }

  double follow() {
    return recipe.get(FOLLOW);
  }

  double distillation() {
    return recipe.get(DISTILLATION);
  }

  boolean trainsWeights() {
    return recipe.get(TRAIN_WEIGHTS);
  }

  int calibrationTokens() {
    return recipe.get(CALIBRATION_TOKENS);
  }

  /** What the tokens of a training step keep. */
  enum Rule {
    /** What is above the layer's thresholds. */
    THRESHOLD,
    /** Each the largest of its own. */
    TOP_K
  }

  /** How the share is spread over layers and places. */
  enum Split {
    /** By what errors cost the loss. */
    BY_LOSS,
    /** The same everywhere. */
    UNIFORM
  }
}
