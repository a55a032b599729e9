package org.mixtureofmasks.sparsify;

import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.nn.Tensors;

/** The bridge between masks as they are shipped and masks as tensors that multiply activations. */
public final class MaskTensors {
  private MaskTensors() {}

  /**
   * @param masks of one layer, of one length
   * @return 0 and 1, experts x elements, fp32
   */
  public static Tensor of(List<Mask> masks) {
    int width = masks.getFirst().length();
    float[] flat = new float[Math.multiplyExact(masks.size(), width)];
    for (int e = 0; e < masks.size(); e++) {
      int row = e * width;
      masks.get(e).indices().forEach(j -> flat[row + j] = 1);
    }
    return Tensors.of(flat, masks.size(), width);
  }

  /**
   * @param masks 0 where off, experts x elements
   */
  public static List<Mask> masks(Tensor masks) {
    float[] flat = Tensors.toFloats(masks);
    int width = Math.toIntExact(masks.size(1));
    return IntStream.range(0, Math.toIntExact(masks.size(0)))
        .mapToObj(e -> Mask.of(width, j -> flat[e * width + j] != 0))
        .toList();
  }
}
