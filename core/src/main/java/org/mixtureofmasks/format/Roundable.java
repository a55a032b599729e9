package org.mixtureofmasks.format;

import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * A tensor whose rows are to be rounded.
 *
 * @param name that it is stored under, Hugging Face's
 * @param tensor in any float type
 * @param order row r of the model is row order(r) of the tensor; null: r
 * @param dtype INT8 or INT4
 * @param kind what it is for
 * @param layer from 0, or {@link TensorSpec#NO_LAYER}
 * @param outputs what down columns of neuron records, or columns of a matrix by input, are divided
 *     by ({@link OutputScales}); null: nothing
 */
public record Roundable(
    String name,
    StoredTensor tensor,
    @Nullable IntUnaryOperator order,
    DType dtype,
    Kind kind,
    int layer,
    float @Nullable [] outputs) {

  /** What a tensor is for: whose activations its rows meet. */
  public enum Kind {
    /** Embedding and output projection, and a router: rounded to the nearest. */
    END,
    /** Query, key or value projection. */
    QKV,
    /** Attention's output projection. */
    ATTENTION_OUTPUT,
    /** Gate projection, rows of neurons. */
    GATE,
    /** Up projection, rows of neurons. */
    UP,
    /** Down projection, rows of hidden elements. */
    DOWN,
    /** Records of a sparse layer's neurons: gate row, up row, down column. */
    NEURONS,
    /** A matrix of a layer with token masks: rows of inputs or neurons, columns of outputs. */
    BY_INPUT
  }

  /** {@return the dimensions, outermost first} */
  public List<Long> shape() {
    return tensor.shape();
  }

  /** {@return length of a row} */
  public int columns() {
    return Math.toIntExact(shape().getLast());
  }

  /** {@return number of rows} */
  public int rows() {
    return Math.toIntExact(tensor.elements() / columns());
  }

  /**
   * A row of the model as floats, as it is to be rounded.
   *
   * @param r its number
   * @param row columns floats, written
   * @throws BadCheckpoint if one is not finite
   */
  public void row(int r, float[] row) {
    int from = order == null ? r : order.applyAsInt(r);
    Elements.copyTo(tensor, (long) from * row.length, row, 0, row.length);
    for (float weight : row) {
      if (!Float.isFinite(weight)) {
        throw new BadCheckpoint(
            tensor.file(),
            tensor.offset(),
            "tensor '%s' holds %s: only finite weights can be rounded".formatted(name, weight));
      }
    }
    if (outputs != null && kind == Kind.BY_INPUT) {
      OutputScales.divide(outputs, row);
    } else if (outputs != null) {
      OutputScales.divide(outputs, r, row);
    }
  }
}
