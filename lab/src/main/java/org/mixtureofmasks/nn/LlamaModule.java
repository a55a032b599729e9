package org.mixtureofmasks.nn;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.model.LlamaConfig;

/**
 * A LLaMA-style decoder in libtorch: fp32 master weights and a forward pass whose FFN is pluggable.
 */
public final class LlamaModule {
  private final LlamaConfig config;
  private final Map<String, Tensor> parameters;

  LlamaModule(LlamaConfig config, Map<String, Tensor> parameters) {
    this.config = config;
    this.parameters = parameters;
  }

  public LlamaConfig config() {
    return config;
  }

  /** fp32 masters by their Hugging Face names, all trainable. */
  public Map<String, Tensor> parameters() {
    return parameters;
  }

  /** The projections of one layer's FFN. */
  public FfnWeights ffn(int layer) {
    throw new UnsupportedOperationException();
  }

  /**
   * @param ids batch x length, int64
   * @param ffn the feed-forward part of every layer
   * @return logits, batch x length x vocab_size
   */
  public Tensor forward(Tensor ids, FeedForward ffn) {
    throw new UnsupportedOperationException();
  }
}
