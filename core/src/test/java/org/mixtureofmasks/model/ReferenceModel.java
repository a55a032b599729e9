package org.mixtureofmasks.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.mixtureofmasks.format.Preview;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.kernel.TokenKept;

/** The formulas of a mixture of masks in double, one token after the other, no cache, no care. */
final class ReferenceModel {
  private final RandomModel model;

  /** Neurons active by layer, summed over the tokens of {@link #logits}. */
  final long[] active = new long[RandomModel.LAYERS];

  /** With masks of inputs or of tokens: FFN weights that the tokens used, all layers together. */
  long weights;

  /** With token masks: by layer, what each token of {@link #logits} keeps. */
  final List<List<TokenKept>> kept =
      Stream.generate(() -> (List<TokenKept>) new ArrayList<TokenKept>())
          .limit(RandomModel.LAYERS)
          .toList();

  /** How often a layer's token had so many experts. */
  final Map<Integer, Integer> chosenCounts = new TreeMap<>();

  private final boolean preview;
  private final Map<String, double[][]> previews = new TreeMap<>();

  ReferenceModel(RandomModel model) {
    this(model, "");
  }

  /** Of a model that is written in this layout, if it has thresholds. */
  ReferenceModel(RandomModel model, String layout) {
    this.model = model;
    this.preview = layout.equals("preview");
  }

  private double[] product(String name, double[] x) {
    float[] w = model.weights.get(name);
    return product(IntStream.range(0, w.length).mapToDouble(i -> w[i]).toArray(), x);
  }

  private static double[] product(double[] w, double[] x) {
    double[] y = new double[w.length / x.length];
    for (int i = 0; i < w.length; i++) {
      y[i / x.length] += w[i] * x[i % x.length];
    }
    return y;
  }

  private double[] norm(String name, double[] x) {
    float[] w = model.weights.get(name);
    double scale = 1 / Math.sqrt(Arrays.stream(x).map(v -> v * v).sum() / x.length + 1e-5);
    return IntStream.range(0, x.length).mapToDouble(i -> w[i] * x[i] * scale).toArray();
  }

  private void rope(double[] x, int position) {
    int hd = model.headDim;
    for (int at = 0; at < x.length; at += hd) {
      for (int i = 0; i < hd / 2; i++) {
        double angle = position * Math.pow(10_000, -2.0 * i / hd);
        double a = x[at + i];
        double b = x[at + hd / 2 + i];
        x[at + i] = a * Math.cos(angle) - b * Math.sin(angle);
        x[at + hd / 2 + i] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
  }

  /** Logits of every position, tokens x vocabulary. */
  double[][] logits(int[] tokens) {
    int d = model.d;
    double[][] x = new double[tokens.length][d];
    for (int t = 0; t < tokens.length; t++) {
      float[] embedding = model.weights.get("model.embed_tokens.weight");
      for (int c = 0; c < d; c++) {
        x[t][c] = embedding[tokens[t] * d + c];
      }
    }
    for (int l = 0; l < RandomModel.LAYERS; l++) {
      String p = "model.layers." + l + ".";
      double[][] k = new double[tokens.length][];
      double[][] v = new double[tokens.length][];
      for (int t = 0; t < tokens.length; t++) {
        double[] n = norm(p + "input_layernorm.weight", x[t]);
        double[] q = product(p + "self_attn.q_proj.weight", n);
        k[t] = product(p + "self_attn.k_proj.weight", n);
        v[t] = product(p + "self_attn.v_proj.weight", n);
        rope(q, t);
        rope(k[t], t);
        add(x[t], product(p + "self_attn.o_proj.weight", attend(q, k, v, t)));
        n = norm(p + "post_attention_layernorm.weight", x[t]);
        add(x[t], ffn(l, p + "mlp.", n));
      }
    }
    return Arrays.stream(x)
        .map(row -> product("lm_head.weight", norm("model.norm.weight", row)))
        .toArray(double[][]::new);
  }

  private double[] attend(double[] q, double[][] k, double[][] v, int last) {
    int hd = model.headDim;
    double[] out = new double[q.length];
    for (int h = 0; h < RandomModel.HEADS; h++) {
      int g = h * RandomModel.KV_HEADS / RandomModel.HEADS;
      double[] p = new double[last + 1];
      double sum = 0;
      for (int t = 0; t <= last; t++) {
        double dot = 0;
        for (int i = 0; i < hd; i++) {
          dot += q[h * hd + i] * k[t][g * hd + i];
        }
        p[t] = Math.exp(dot / Math.sqrt(hd));
        sum += p[t];
      }
      for (int t = 0; t <= last; t++) {
        for (int i = 0; i < hd; i++) {
          out[h * hd + i] += p[t] / sum * v[t][g * hd + i];
        }
      }
    }
    return out;
  }

  /** y = W_d (a ⊙ [|a| > t_a]) of x̂ = x ⊙ [|x| > t_x]; counts the weights that are used. */
  private double[] tokenMasked(int l, String p, double[] x) {
    float[] thresholds = model.thresholds[l];
    double[] read = above(x, thresholds[0]);
    double[] a = product(p + "gate_proj.weight", read);
    double[] up = product(p + "up_proj.weight", read);
    for (int j = 0; j < model.m; j++) {
      a[j] = silu(a[j]) * up[j];
    }
    long inputs = count(x, thresholds[0]);
    kept.get(l).add(new TokenKept(inputs, which(a, thresholds[1])));
    weights += 2L * model.m * inputs + (long) model.d * count(a, thresholds[1]);
    return product(p + "down_proj.weight", above(a, thresholds[1]));
  }

  /**
   * y = W_d (a ⊙ [|s| > t_c]) + R (s ⊙ [|s| <= t_c]) with a of x whole, s by a preview of what x is
   * beside its centres and R the down columns' directions in two bits; counts the weights that are
   * used.
   */
  private double[] previewed(int l, String p, double[] x) {
    float[] thresholds = model.thresholds[l];
    int m = model.m;
    float[] gate = model.weights.get(p + "gate_proj.weight");
    float[] up = model.weights.get(p + "up_proj.weight");
    float[] norms = Preview.norms(model.weights.get(p + "down_proj.weight"), m);
    double[][] copies =
        previews.computeIfAbsent(
            p,
            _ -> {
              Preview preview = Preview.of(gate, up, norms, model.centres());
              return new double[][] {
                copy(preview, 0, true),
                copy(preview, 0, false),
                copy(preview, 1, true),
                copy(preview, 1, false)
              };
            });
    double[] centres = new double[x.length];
    double[] some = new double[x.length];
    double[] whole = new double[x.length];
    double inputs = 0;
    for (int i = 0; i < x.length; i++) {
      centres[i] = model.centres()[i];
      double off = x[i] - centres[i];
      boolean read = Math.abs(off) > thresholds[0];
      boolean all = read && Math.abs(off) > RandomModel.whole(thresholds);
      whole[i] = all ? off : 0;
      some[i] = read && !all ? off : 0;
      inputs += all ? 1 : read ? 0.5 : 0;
    }
    float[] scales = Preview.of(gate, up, norms, model.centres()).scales();
    double[] gates =
        sum(
            product(copies[0], rounded(whole, scales, 0)),
            product(copies[1], rounded(some, scales, 0)));
    double[] scaledUps =
        sum(
            product(copies[2], rounded(whole, scales, 1)),
            product(copies[3], rounded(some, scales, 1)));
    double[] ofCentres = product(p + "gate_proj.weight", centres);
    double[] upsOfCentres = product(p + "up_proj.weight", centres);
    double[] a = product(p + "gate_proj.weight", x);
    double[] ups = product(p + "up_proj.weight", x);
    double[] said = new double[m];
    for (int j = 0; j < m; j++) {
      double g = gates[j] + ofCentres[j];
      double u = scaledUps[j] + upsOfCentres[j] * norms[j];
      said[j] = silu(g) * u;
      a[j] = Math.abs(said[j]) > thresholds[1] ? silu(a[j]) * ups[j] : 0;
    }
    int[] neurons = which(said, thresholds[1]);
    kept.get(l).add(new TokenKept(inputs, neurons));
    weights += 3L * model.d * neurons.length;
    double[] y = product(p + "down_proj.weight", a);
    float[] down = model.weights.get(p + "down_proj.weight");
    double step = 0.9957 / Math.sqrt(model.d);
    for (int j = 0; j < m; j++) {
      for (int i = 0; i < model.d && Math.abs(said[j]) <= thresholds[1]; i++) {
        double direction = down[i * m + j] / (double) norms[j];
        y[i] +=
            inUnits(said[j], thresholds[1])
                * step
                * (Math.clamp(Math.floor(direction / step), -2, 1) + 0.5);
      }
    }
    return y;
  }

  /** Inputs whose products with their scales are whole 127ths of the largest. */
  private static double[] rounded(double[] inputs, float[] scales, int half) {
    double[] factors =
        IntStream.range(0, inputs.length)
            .mapToDouble(i -> inputs[i] * scales[2 * i + half])
            .toArray();
    double unit = Arrays.stream(factors).map(Math::abs).max().orElseThrow() / 127;
    return IntStream.range(0, inputs.length)
        .mapToDouble(
            i -> unit == 0 ? 0 : Math.round(factors[i] / unit) * unit / scales[2 * i + half])
        .map(v -> Double.isFinite(v) ? v : 0) // of a column of zeros
        .toArray();
  }

  /** A score as a whole number of 127ths of the threshold. */
  private static double inUnits(double score, double threshold) {
    double unit = threshold / 127;
    return unit == 0 ? 0 : Math.round(score / unit) * unit;
  }

  private static double[] sum(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray();
  }

  /** A preview's gates (half 0) or ups (half 1), m x d, of all four bits or of the upper two. */
  private double[] copy(Preview preview, int half, boolean whole) {
    int m = model.m;
    double[] w = new double[m * model.d];
    byte[] planes = preview.planes();
    float[] scales = preview.scales();
    for (int k = 0; k < w.length; k++) {
      int j = k / model.d;
      int i = k % model.d;
      int upper = bits(planes, i, half * m + j);
      int lower = bits(planes, model.d + i, half * m + j);
      double level = whole ? 4 * upper + lower - 7.5 : 3.54 * (upper - 1.5);
      w[k] = level * scales[2 * i + half];
    }
    return w;
  }

  /** A number as docs/file-formats.md says it lies. */
  private int bits(byte[] planes, int row, int number) {
    int at = row * model.m / 2 + number / 64 * 16 + number % 16;
    return planes[at] >> 2 * (number % 64 / 16) & 3;
  }

  private static double[] above(double[] values, float threshold) {
    return Arrays.stream(values).map(v -> Math.abs(v) > threshold ? v : 0).toArray();
  }

  private static long count(double[] values, float threshold) {
    return which(values, threshold).length;
  }

  private static int[] which(double[] values, float threshold) {
    return IntStream.range(0, values.length).filter(i -> Math.abs(values[i]) > threshold).toArray();
  }

  private double[] ffn(int l, String p, double[] x) {
    if (model.thresholds != null) {
      return preview ? previewed(l, p, x) : tokenMasked(l, p, x);
    }
    double[] factors = factors(product(p + "router.weight", x));
    boolean ones = model.routing.weights() == Routing.Weights.ONES;
    if (model.inputMasks != null) {
      x = inputs(l, x, factors);
    }
    double[] a = product(p + "gate_proj.weight", x);
    double[] up = product(p + "up_proj.weight", x);
    for (int j = 0; j < model.m; j++) {
      double mask = 0;
      for (int e = 0; e < model.experts; e++) {
        mask += model.masks[l][e][j] ? factors[e] : 0;
      }
      active[l] += mask > 0 ? 1 : 0;
      a[j] = (ones ? Math.min(1, mask) : mask) * silu(a[j]) * up[j];
    }
    return product(p + "down_proj.weight", a);
  }

  /** x with the inputs that its only expert leaves out at 0; counts the weights that are used. */
  private double[] inputs(int l, double[] x, double[] factors) {
    int e =
        IntStream.range(0, factors.length).filter(i -> factors[i] != 0).findFirst().orElseThrow();
    boolean[] mask = model.inputMasks[l][e];
    int in = (int) IntStream.range(0, x.length).filter(c -> mask[c]).count();
    int mid = (int) IntStream.range(0, model.m).filter(j -> model.masks[l][e][j]).count();
    weights += in == 0 ? 0 : 2L * in * mid + (long) mid * x.length;
    return IntStream.range(0, x.length).mapToDouble(c -> mask[c] ? x[c] : 0).toArray();
  }

  /** What each expert's neurons are multiplied with; 0 where it is not chosen. */
  private double[] factors(double[] products) {
    int experts = model.experts;
    double[] r =
        model.routing.score() == Routing.Score.LINEAR
            ? products
            : IntStream.range(0, experts)
                .mapToDouble(e -> Math.abs(silu(products[e]) * products[experts + e]))
                .toArray();
    int[] chosen =
        model.routing.select() == Routing.Select.THRESHOLD
            ? IntStream.range(0, experts)
                .filter(e -> sigmoid(r[e]) > model.routing.threshold())
                .toArray()
            : IntStream.range(0, experts)
                .boxed()
                .sorted(Comparator.comparingDouble(e -> -r[e]))
                .limit(model.routing.topK())
                .mapToInt(e -> e)
                .toArray();
    chosenCounts.merge(chosen.length, 1, Integer::sum);
    double total = Arrays.stream(chosen).mapToDouble(e -> Math.exp(r[e])).sum();
    double[] factors = new double[experts];
    for (int e : chosen) {
      factors[e] =
          switch (model.routing.weights()) {
            case NORMALISED -> Math.exp(r[e]) / total;
            case ONES -> 1;
            case SIGMOID_RESCALED -> sigmoid(r[e]) * experts / chosen.length;
          };
    }
    return factors;
  }

  private static double sigmoid(double z) {
    return 1 / (1 + Math.exp(-z));
  }

  private static double silu(double z) {
    return z * sigmoid(z);
  }

  private static void add(double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      x[i] += y[i];
    }
  }
}
