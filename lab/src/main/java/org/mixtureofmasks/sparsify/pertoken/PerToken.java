package org.mixtureofmasks.sparsify.pertoken;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.Preparation;

/**
 * References of quality: what the dense model would lose if each token used a share of the FFN that
 * a rule picks for it alone. There are no experts, so nothing is trained and nothing is shipped;
 * the result is the validation loss and the share that was used.
 */
public final class PerToken implements Method {
  private final TokenRule rule;
  private double keptShares;
  private double ffnShares;
  private long tokens;

  PerToken(TokenRule rule) {
    this.rule = rule;
  }

  @Override
  public String name() {
    return PerTokenProvider.NAME;
  }

  @Override
  public Preparation prepare(ModelConfig config) {
    return rule.prepare(config);
  }

  /** Unlike other methods' it counts in passes without gradients: there are no others. */
  @Override
  public FeedForward feedForward() {
    return this::apply;
  }

  private Tensor apply(int layer, Tensor x, FfnWeights weights) {
    TokenRule.Result result = rule.apply(layer, x, weights);
    keptShares += result.keptShare() * x.size(0);
    ffnShares += result.ffnShare() * x.size(0);
    tokens += x.size(0);
    return result.y();
  }

  @Override
  public void beginStep(int step, int steps) {
    throw new IllegalStateException("%s takes no steps".formatted(name()));
  }

  @Override
  public Map<String, Object> validationMetrics() {
    Map<String, Object> m = new LinkedHashMap<>();
    if (tokens > 0) {
      m.put("kept_share", keptShares / tokens);
      m.put("active_ffn_share_measured", ffnShares / tokens);
    }
    return m;
  }

  @Override
  public Map<String, Tensor> state() {
    return rule.state();
  }

  @Override
  public void restore(ModelConfig config, Map<String, Tensor> saved) {
    rule.restore(saved);
  }

  @Override
  public Optional<String> onlyEvaluates() {
    return Optional.of(
        ("the method %s is a reference of quality: it chooses for each token anew, which is no"
                + " structure to compile; the validation loss is its result")
            .formatted(name()));
  }
}
