package org.mixtureofmasks.compile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.Routing;

/**
 * What the compiler takes: a model whose masks are final.
 *
 * @param config the dense model's config.json
 * @param weights all tensors of the dense model under their Hugging Face names, in any float type;
 *     they must stay readable while it compiles
 * @param masks the hard masks
 * @param routers for each layer rows x hidden_size, row-major; rows as the routing says
 * @param routing how tokens choose experts
 * @param variant the method's variant, "mom"
 * @param target active FFN share that was asked for, in (0, 1]
 * @param parent hash of the files it was made from ({@code Fingerprint})
 * @param tokenizer folder whose tokenizer files are copied; null for none
 */
public record SparseModel(
    ObjectNode config,
    Map<String, StoredTensor> weights,
    HardMasks masks,
    List<float[]> routers,
    Routing routing,
    String variant,
    double target,
    String parent,
    Path tokenizer) {

  public SparseModel {
    routers = List.copyOf(routers);
    if (masks.hasInputs()) {
      int d = routers.getFirst().length / routing.routerRows(masks.experts());
      if (routing.select() != Routing.Select.TOP_K || routing.topK() != 1) {
        throw new IllegalArgumentException("input masks are for one expert a token: " + routing);
      }
      if (masks.inputMask(0, 0).length != d) {
        throw new IllegalArgumentException("input masks are not of hidden_size " + d);
      }
    }
  }

  /**
   * The active FFN share: by the masks, or with a threshold, where only tokens can tell, the
   * target.
   */
  double activeShare() {
    return routing.select() == Routing.Select.THRESHOLD
        ? target
        : masks.activeShare(routing.topK());
  }

  /** hidden_size, d. */
  int hiddenSize() {
    return routers.getFirst().length / routing.routerRows(masks.experts());
  }

  /** The type of the dense model's weights: BF16 stays BF16, everything else becomes F32. */
  public static DType defaultDtype(Checkpoint dense) {
    StoredTensor embedding = dense.tensors().get("model.embed_tokens.weight");
    return embedding != null && embedding.dtype() == DType.BF16 ? DType.BF16 : DType.F32;
  }
}
