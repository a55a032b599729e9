package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.List;
import java.util.Locale;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.MethodProvider;

/** Makes mixtures of masks from the recipe's section {@code masks}. */
public final class MixtureOfMasksProvider implements MethodProvider {
  static final String NAME = "mixture_of_masks";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<RecipeSection> sections() {
    return List.of(MixtureOfMasksOptions.section());
  }

  @Override
  public void check(Recipe recipe) {
    Requirements.refuseIgnored(recipe, MixtureOfMasksOptions.of(recipe));
  }

  @Override
  public Method create(Recipe recipe, ModelConfig config) {
    MixtureOfMasksOptions options = MixtureOfMasksOptions.of(recipe);
    options.gates(config.intermediateSize()); // refuses a block that does not divide it
    return new MixtureOfMasks(options, recipe.get(RunKeys.LR), recipe.get(RunKeys.SEED));
  }

  @Override
  public int calibrationTokens(Recipe recipe) {
    MixtureOfMasksOptions options = MixtureOfMasksOptions.of(recipe);
    return options.start() == Start.CALIBRATED ? options.calibrationTokens() : 0;
  }

  @Override
  public int leastCalibrationTokens(Recipe recipe) {
    return MixtureOfMasksOptions.of(recipe).experts();
  }

  @Override
  public int passesPerLayer(Recipe recipe) {
    MixtureOfMasksOptions options = MixtureOfMasksOptions.of(recipe);
    boolean measures =
        options.start() == Start.CALIBRATED && options.layerShares() == Shares.BY_LOSS;
    return measures ? LayerShares.measuredAt(options.target()).length : 0;
  }

  @Override
  public double distillation(Recipe recipe) {
    return recipe.get(MixtureOfMasksOptions.DISTILLATION);
  }

  @Override
  public boolean trainsWeights(Recipe recipe) {
    return recipe.get(MixtureOfMasksOptions.TRAIN_WEIGHTS);
  }

  @Override
  public double target(Recipe recipe) {
    return recipe.get(MixtureOfMasksOptions.TARGET);
  }

  @Override
  public String variant(Recipe recipe) {
    return recipe.get(MixtureOfMasksOptions.VARIANT).name().toLowerCase(Locale.ROOT);
  }
}
