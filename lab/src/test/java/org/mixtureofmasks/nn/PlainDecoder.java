package org.mixtureofmasks.nn;

import org.mixtureofmasks.format.ModelConfig;

/** The same decoder in loops over doubles, to test against. */
final class PlainDecoder {
  private PlainDecoder() {}

  static double[][] logits(DecoderModule model, int[] ids) {
    ModelConfig c = model.config();
    int d = c.hiddenSize();
    double[][] embedding = matrix(model, "model.embed_tokens.weight", d);
    double[][] x = new double[ids.length][];
    for (int p = 0; p < ids.length; p++) {
      x[p] = embedding[ids[p]].clone();
    }
    for (int l = 0; l < c.layers(); l++) {
      String name = "model.layers." + l + ".";
      double[][] h = norm(model, x, name + "input_layernorm.weight");
      add(x, attention(model, h, name + "self_attn."));
      h = norm(model, x, name + "post_attention_layernorm.weight");
      double[][] gate = times(h, matrix(model, name + "mlp.gate_proj.weight", d));
      double[][] up = times(h, matrix(model, name + "mlp.up_proj.weight", d));
      for (int p = 0; p < ids.length; p++) {
        for (int j = 0; j < gate[p].length; j++) {
          gate[p][j] *= up[p][j] / (1 + Math.exp(-gate[p][j]));
        }
      }
      add(x, times(gate, matrix(model, name + "mlp.down_proj.weight", c.intermediateSize())));
    }
    return times(norm(model, x, "model.norm.weight"), embedding);
  }

  private static double[][] attention(DecoderModule model, double[][] h, String name) {
    ModelConfig c = model.config();
    int width = c.headDim();
    double[][] q = times(h, matrix(model, name + "q_proj.weight", c.hiddenSize()));
    double[][] k = times(h, matrix(model, name + "k_proj.weight", c.hiddenSize()));
    double[][] v = times(h, matrix(model, name + "v_proj.weight", c.hiddenSize()));
    turn(c, q, c.heads());
    turn(c, k, c.kvHeads());
    double[][] mixed = new double[h.length][c.heads() * width];
    for (int head = 0; head < c.heads(); head++) {
      int kv = head / (c.heads() / c.kvHeads());
      for (int p = 0; p < h.length; p++) {
        double[] weight = new double[p + 1];
        double sum = 0;
        for (int t = 0; t <= p; t++) {
          double dot = 0;
          for (int i = 0; i < width; i++) {
            dot += q[p][head * width + i] * k[t][kv * width + i];
          }
          weight[t] = Math.exp(dot / Math.sqrt(width));
          sum += weight[t];
        }
        for (int t = 0; t <= p; t++) {
          for (int i = 0; i < width; i++) {
            mixed[p][head * width + i] += weight[t] / sum * v[t][kv * width + i];
          }
        }
      }
    }
    return times(mixed, matrix(model, name + "o_proj.weight", c.heads() * width));
  }

  private static void turn(ModelConfig c, double[][] x, int heads) {
    int half = c.headDim() / 2;
    for (int p = 0; p < x.length; p++) {
      for (int head = 0; head < heads; head++) {
        for (int i = 0; i < half; i++) {
          double angle = p * Math.pow(c.rope().theta(), -2.0 * i / c.headDim());
          int low = head * c.headDim() + i;
          double a = x[p][low];
          double b = x[p][low + half];
          x[p][low] = a * Math.cos(angle) - b * Math.sin(angle);
          x[p][low + half] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    }
  }

  private static double[][] norm(DecoderModule model, double[][] x, String name) {
    float[] weight = Tensors.toFloats(model.parameters().get(name));
    double[][] out = new double[x.length][x[0].length];
    for (int p = 0; p < x.length; p++) {
      double squares = 0;
      for (double value : x[p]) {
        squares += value * value;
      }
      double scale = 1 / Math.sqrt(squares / x[p].length + model.config().rmsNormEps());
      for (int i = 0; i < x[p].length; i++) {
        out[p][i] = x[p][i] * scale * weight[i];
      }
    }
    return out;
  }

  private static double[][] times(double[][] x, double[][] w) {
    double[][] out = new double[x.length][w.length];
    for (int p = 0; p < x.length; p++) {
      for (int o = 0; o < w.length; o++) {
        for (int i = 0; i < w[o].length; i++) {
          out[p][o] += x[p][i] * w[o][i];
        }
      }
    }
    return out;
  }

  private static void add(double[][] x, double[][] y) {
    for (int p = 0; p < x.length; p++) {
      for (int i = 0; i < x[p].length; i++) {
        x[p][i] += y[p][i];
      }
    }
  }

  private static double[][] matrix(DecoderModule model, String name, int columns) {
    float[] flat = Tensors.toFloats(model.parameters().get(name));
    double[][] out = new double[flat.length / columns][columns];
    for (int i = 0; i < flat.length; i++) {
      out[i / columns][i % columns] = flat[i];
    }
    return out;
  }
}
