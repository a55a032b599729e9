package org.mixtureofmasks.compile;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.format.Compiled;
import org.mixtureofmasks.format.Dimension;
import org.mixtureofmasks.format.Layout;
import org.mixtureofmasks.format.SparseModel;
import org.mixtureofmasks.format.SparseWriter;
import org.mixtureofmasks.io.Progress;

/**
 * Hard masks to a sparse model folder (paper §2.4): finds the order of the neurons in which experts
 * are few runs; the folder's writer does the rest.
 */
public final class Compiler {
  private Compiler() {}

  /** The same with nobody who waits for it. */
  public static Compiled compile(SparseModel model, Path out, Layout layout, DType dtype) {
    return compile(model, out, layout, dtype, Progress.SILENT);
  }

  /**
   * Writes a sparse model folder.
   *
   * @param out must not exist yet, or be empty
   * @param layout how the FFNs are stored
   * @param dtype of all weights but the routers, F32 or BF16: {@link SparseModel#defaultDtype}
   * @param progress hears how far it is
   * @throws org.mixtureofmasks.UserError if out exists, cannot be written, the model lacks a
   *     tensor, or the layout is runs and it has input masks
   */
  public static Compiled compile(
      SparseModel model, Path out, Layout layout, DType dtype, Progress progress) {
    progress.begin("compiling: the order of the neurons", "layers");
    List<int[]> orders = new ArrayList<>();
    for (int l = 0; l < model.masks().layers(); l++) {
      orders.add(NeuronOrder.of(model.masks().layer(Dimension.NEURONS, l)));
      progress.at(l + 1L, model.masks().layers());
    }
    progress.begin("compiling: writing %s".formatted(out), "");
    return SparseWriter.write(model, orders, layout, dtype, out);
  }
}
