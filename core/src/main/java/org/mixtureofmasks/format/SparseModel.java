package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.StoredTensor;

/**
 * What a sparse folder is made of: a model whose masks are final.
 *
 * @param config the dense model's config.json
 * @param weights all tensors of the dense model under their Hugging Face names, in any float type;
 *     they must stay readable while it is written
 * @param experts masks, routers and routing
 * @param variant the method's variant, "mom"
 * @param target active FFN share that was asked for, in (0, 1]
 * @param parent hash of the files it was made from ({@code Fingerprint})
 * @param dense folder whose tokenizer files and the like are copied
 */
public record SparseModel(
    ObjectNode config,
    Map<String, StoredTensor> weights,
    ShippedExperts experts,
    String variant,
    double target,
    String parent,
    Optional<Path> dense) {

  /** {@return the hard masks of all layers} */
  public ExpertMasks masks() {
    return experts.masks();
  }

  /**
   * The active FFN share: by the masks, or with a threshold, where only tokens can tell, the
   * target.
   */
  double activeShare() {
    Routing routing = experts.routing();
    return routing.select() == Routing.Select.THRESHOLD
        ? target
        : masks().activeShare(routing.topK());
  }

  /**
   * The type of a sparse folder's weights unless another is asked for: BF16 stays BF16, everything
   * else becomes F32.
   *
   * @param dense whose embedding tells the type
   * @return {@link DType#F32} or {@link DType#BF16}
   * @throws org.mixtureofmasks.io.BadCheckpoint if it is no model of a known shape
   */
  public static DType defaultDtype(Checkpoint dense) {
    StoredTensor embedding =
        ModelTensors.of(dense, ConfigReader.read(dense))
            .get(TensorSpec.Role.EMBEDDING, TensorSpec.NO_LAYER);
    return embedding.dtype() == DType.BF16 ? DType.BF16 : DType.F32;
  }
}
