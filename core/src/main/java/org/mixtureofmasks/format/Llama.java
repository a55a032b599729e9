package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.mixtureofmasks.format.TensorSpec.Role;
import org.mixtureofmasks.io.BadCheckpoint;

/**
 * LLaMA 1 to 3.3 and what is built like them (SmolLM2): RMS norms before attention and FFN, a gated
 * SiLU FFN, rotary positions on whole heads, no biases.
 */
class Llama extends Family {
  Llama() {
    this("llama", "LlamaForCausalLM", Optional.of("llama"));
  }

  /** A family that is built like it. */
  Llama(String modelType, String architecture, Optional<String> ggufArchitecture) {
    super(modelType, architecture, ggufArchitecture);
  }

  @Override
  Defaults defaults() {
    return new Defaults(OptionalInt.empty(), 2048, 1e-6);
  }

  @Override
  ModelConfig.Block block(Fields config) {
    for (String bias : List.of("attention_bias", "mlp_bias")) {
      if (config.flag(bias, false)) {
        throw new BadCheckpoint(
            config.file(), -1, "%s true is not supported: layers have no bias".formatted(bias));
      }
    }
    return new ModelConfig.Block(
        activation(config), config.positiveReal("rms_norm_eps", defaults().rmsNormEps()));
  }

  private static ModelConfig.Activation activation(Fields config) {
    String name = config.text("hidden_act", "silu");
    if (!name.equals(word(ModelConfig.Activation.SILU))) {
      throw new BadCheckpoint(
          config.file(), -1, "hidden_act '%s' is not supported; only silu is".formatted(name));
    }
    return ModelConfig.Activation.SILU;
  }

  private static String word(ModelConfig.Activation activation) {
    return activation.name().toLowerCase(Locale.ROOT);
  }

  @Override
  ModelConfig.Block ggufBlock(Fields metadata, String prefix) {
    return new ModelConfig.Block(
        ModelConfig.Activation.SILU,
        metadata.positiveReal(prefix + "attention.layer_norm_rms_epsilon"));
  }

  @Override
  void writeBlock(ModelConfig.Block block, ObjectNode config) {
    config.put("hidden_act", word(block.activation()));
    config.put("attention_bias", false);
    config.put("mlp_bias", false);
  }

  @Override
  TensorSpecs tensors(ModelConfig c) {
    long d = c.hiddenSize();
    long m = c.intermediateSize();
    long q = (long) c.heads() * c.headDim();
    long kv = (long) c.kvHeads() * c.headDim();
    TensorSpecs.Table t = new TensorSpecs.Table();
    t.add(
        Role.EMBEDDING,
        "model.embed_tokens",
        "token_embd",
        "token_embedding_table",
        c.vocabSize(),
        d);
    for (int l = 0; l < c.layers(); l++) {
      t.layer(l)
          .add(Role.ATTENTION_NORM, "input_layernorm", "attn_norm", "rms_att_weight", d)
          .rotary(Role.QUERY, "self_attn.q_proj", "attn_q", "wq", q, d)
          .rotary(Role.KEY, "self_attn.k_proj", "attn_k", "wk", kv, d)
          .add(Role.VALUE, "self_attn.v_proj", "attn_v", "wv", kv, d)
          .add(Role.ATTENTION_OUTPUT, "self_attn.o_proj", "attn_output", "wo", d, q)
          .add(Role.FFN_NORM, "post_attention_layernorm", "ffn_norm", "rms_ffn_weight", d)
          .add(Role.GATE, "mlp.gate_proj", "ffn_gate", "w1", m, d)
          .add(Role.UP, "mlp.up_proj", "ffn_up", "w3", m, d)
          .add(Role.DOWN, "mlp.down_proj", "ffn_down", "w2", d, m);
    }
    return t.end()
        .add(Role.FINAL_NORM, "model.norm", "output_norm", "rms_final_weight", d)
        .tied(c.tieEmbeddings(), Role.OUTPUT, "lm_head", "output", "wcls", c.vocabSize(), d)
        .done();
  }
}
