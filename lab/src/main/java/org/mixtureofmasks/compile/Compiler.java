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

/**
 * Hard masks to a sparse model folder (paper §2.4): finds the order of the neurons in which experts
 * are few runs; the folder's writer does the rest.
 */
public final class Compiler {
  private Compiler() {}

  /**
   * Writes a sparse model folder.
   *
   * @param out must not exist yet, or be empty
   * @param layout how the FFNs are stored
   * @param dtype of all weights but the routers, F32 or BF16: {@link SparseModel#defaultDtype}
   * @throws org.mixtureofmasks.UserError if out exists, cannot be written, the model lacks a
   *     tensor, or the layout is runs and it has input masks
   */
  public static Compiled compile(SparseModel model, Path out, Layout layout, DType dtype) {
    List<int[]> orders = new ArrayList<>();
    for (int l = 0; l < model.masks().layers(); l++) {
      orders.add(NeuronOrder.of(model.masks().layer(Dimension.NEURONS, l)));
    }
    return SparseWriter.write(model, orders, layout, dtype, out);
  }
}
