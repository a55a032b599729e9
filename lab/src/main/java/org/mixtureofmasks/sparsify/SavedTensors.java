package org.mixtureofmasks.sparsify;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.nn.Tensors;

/** The tensors of a method as a run saved them. */
public final class SavedTensors {
  private SavedTensors() {}

  /**
   * A copy in fp32.
   *
   * @throws UserError if there is none of that name: the run was saved with another recipe
   */
  public static Tensor copy(Map<String, Tensor> saved, String name) {
    Tensor t = saved.get(name);
    if (t == null) {
      throw new UserError(
          ("the saved run has no tensor %s: its recipe's keys of the method differ from this"
                  + " one's, resume with the run's own")
              .formatted(name));
    }
    return t.detach().to(torch.ScalarType.Float).clone();
  }

  /**
   * Rows of token ids, which may be saved in fp32: ids are below 2^24.
   *
   * @return rows of one length
   * @throws UserError as {@link #copy}
   */
  public static long[][] rows(Map<String, Tensor> saved, String name) {
    Tensor rows = copy(saved, name);
    float[] flat = Tensors.toFloats(rows);
    int length = (int) rows.size(1);
    long[][] ids = new long[(int) rows.size(0)][length];
    for (int i = 0; i < flat.length; i++) {
      ids[i / length][i % length] = (long) flat[i];
    }
    return ids;
  }
}
