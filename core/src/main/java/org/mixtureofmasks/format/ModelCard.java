package org.mixtureofmasks.format;

import java.util.Locale;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The README.md of a sparse folder. */
final class ModelCard {
  private ModelCard() {}

  static String of(SparseModel model, ModelConfig shape, Compiled compiled) {
    ExpertMasks masks = model.masks();
    Routing routing = model.experts().routing();
    Compiled.Sizes sizes = compiled.sizes();
    return String.format(
        Locale.ROOT,
        """
        ---
        tags: [mixture-of-masks, sparse, %s]
        ---
        # A mixture of masks
        A LLaMA-style model whose FFNs are sparsely activated: a router picks among %d masks for
        each token, and only the neurons of those masks are computed.

        | | |
        |---|---|
        | masks of a token | %s |
        | variant | %s |
        | active share of the FFN weights (target %.4g) | %.4f%s |
        | layers x experts x neurons | %d x %d x %d |
        | live neurons (stored, by layer) | %s |
        | shared neurons (in every mask, by layer) | %s |
        | redundant neurons (in no mask, removed, by layer) | %s |
        | parameters, dense | %d |
        | parameters stored | %d |
        | layout, weights | %s, %s |
        | bytes of weights | %d |
        | bytes with the layout runs / copied | %s / %d |
        | runs of an expert, mean | %.1f |
        | made from | %s |

        Run it with `mom generate MODEL --prompt TEXT`, judge it with `mom evaluate MODEL`. The
        masks in the dense model's neuron order are in masks.safetensors. The licence is that of
        the dense model.
        """,
        shape.family(),
        masks.experts(),
        routing.describe(masks.experts()),
        model.variant(),
        model.target(),
        compiled.activeFfnShare(),
        shareNote(model),
        masks.layers(),
        masks.experts(),
        masks.length(Dimension.NEURONS),
        list(compiled, ExpertLayout::live),
        list(compiled, ExpertLayout::shared),
        list(compiled, ExpertLayout::redundant),
        sizes.denseParameters(),
        sizes.parameters(),
        compiled.layout().word(),
        compiled.dtype(),
        sizes.tensorBytes(),
        sizes.runsBytes().isPresent() ? sizes.runsBytes().getAsLong() : "none",
        sizes.copiedBytes(),
        compiled.runsPerExpert(),
        model.parent());
  }

  private static String list(Compiled compiled, ToIntFunction<ExpertLayout> f) {
    return compiled.layers().stream()
        .map(l -> Integer.toString(f.applyAsInt(l)))
        .collect(Collectors.joining(", "));
  }

  /** What stands behind the share: it is not what it seems with a threshold or input masks. */
  private static String shareNote(SparseModel model) {
    if (model.masks().has(Dimension.INPUTS)) {
      double kept =
          IntStream.range(0, model.masks().layers())
              .mapToDouble(model.masks()::keptInputs)
              .average()
              .orElseThrow();
      return String.format(
          Locale.ROOT,
          "; the paper's R_h x R_FFN %.4f; %.1f of %d inputs kept",
          model.masks().paperShare(),
          kept,
          model.experts().hiddenSize());
    }
    return model.experts().routing().select() == Routing.Select.THRESHOLD
        ? "; the target, since with a threshold only an evaluation can measure it"
        : "";
  }
}
