package org.mixtureofmasks.train;

import java.util.Objects;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.TensorSpec;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.MethodProvider;

/**
 * Which of the dense model's weights learn; the others have neither gradients nor moments.
 *
 * @param some whether the method lets any of them
 * @param which of these, by the recipe
 */
record TrainedWeights(boolean some, RunKeys.Weights which) {
  static TrainedWeights of(Recipe recipe, MethodProvider provider) {
    return new TrainedWeights(provider.trainsWeights(recipe), recipe.get(RunKeys.WEIGHTS));
  }

  /** How many parameters learn. */
  long count(ModelConfig config) {
    return config.tensors().stored().stream()
        .filter(this::contains)
        .mapToLong(TensorSpec::elements)
        .sum();
  }

  /** Lets a model's weights have gradients, or not. */
  void mark(DecoderModule model) {
    for (TensorSpec spec : model.config().tensors().stored()) {
      Objects.requireNonNull(model.parameters().get(spec.name()), spec.name())
          .set_requires_grad(contains(spec));
    }
  }

  private boolean contains(TensorSpec spec) {
    boolean norm = spec.shape().size() == 1;
    return some
        && switch (which) {
          case ALL -> true;
          case FFN -> spec.role().isFfn();
          case FFN_AND_NORMS -> spec.role().isFfn() || norm;
        };
  }
}
