package org.mixtureofmasks.compile;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.SafetensorsFile;
import org.mixtureofmasks.format.Compiled;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.ShippedExperts;
import org.mixtureofmasks.format.SparseModel;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.train.FinishedRun;

/** Compiles a run's newest checkpoint; reads the run, changes nothing in it. */
public final class RunCompiler {
  private RunCompiler() {}

  /** The layout of a run's model unless another is asked for. */
  public static Layout defaultLayout(FinishedRun run) {
    return run.method().hardInputMasks().length > 0 ? Layout.COPIED : Layout.RUNS;
  }

  /**
   * @param run whose method has masks
   * @param out the folder to make; must not exist yet, or be empty
   * @param layout how experts are stored: {@link #defaultLayout}
   * @param dtype of the weights; empty for the dense model's own
   * @throws UserError if the method has no masks, or out cannot be made
   */
  public static Compiled compile(FinishedRun run, Path out, Layout layout, Optional<DType> dtype) {
    Method method = run.method();
    if (method.hardMasks().length == 0) {
      throw new UserError(
          run.run().path() + ": the method " + method.name() + " has no masks to compile");
    }
    try (Checkpoint dense = Checkpoints.open(run.denseModel());
        SafetensorsFile weights = SafetensorsFile.open(run.step().resolve("model.safetensors"))) {
      SparseModel model =
          new SparseModel(
              dense.metadata(),
              weights.tensors(),
              shipped(method),
              run.provider().variant(run.recipe()),
              run.provider().target(run.recipe()),
              run.parent(),
              Optional.of(run.denseModel()));
      return Compiler.compile(model, out, layout, dtype.orElse(SparseModel.defaultDtype(dense)));
    }
  }

  private static ShippedExperts shipped(Method method) {
    Map<Dimension, List<List<Mask>>> masks = new EnumMap<>(Dimension.class);
    masks.put(Dimension.NEURONS, masks(method.hardMasks()));
    if (method.hardInputMasks().length > 0) {
      masks.put(Dimension.INPUTS, masks(method.hardInputMasks()));
    }
    return new ShippedExperts(
        ExpertMasks.of(masks),
        method.routers().stream().map(Tensors::toFloats).toList(),
        method.routing());
  }

  private static List<List<Mask>> masks(boolean[][][] layers) {
    return Arrays.stream(layers)
        .map(experts -> Arrays.stream(experts).map(Mask::of).toList())
        .toList();
  }
}
