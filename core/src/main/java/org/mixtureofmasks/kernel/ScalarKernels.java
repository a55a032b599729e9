package org.mixtureofmasks.kernel;

import org.jspecify.annotations.Nullable;

/** The kernels in plain Java, written to be read: the reference for {@link VectorKernels}. */
public final class ScalarKernels implements Kernels {
  @Override
  public String name() {
    return "scalar";
  }

  private static float dot(Matrix w, int row, Input x, int token) {
    int n = w.columns();
    Format format = w.format();
    Order order = format.order();
    long at = row * format.rowBytes(n);
    float sum = 0;
    for (int c = 0; c < n; c++) {
      sum += format.get(w.data(), at, c, n) * x.floats()[x.at(token) + order.place(c, n)];
    }
    return sum;
  }

  private static float silu(float z) {
    return (float) (z / (1 + Math.exp(-z)));
  }

  @Override
  public void matvec(Matrix w, Input x, int token, float[] y, int yOffset, int from, int to) {
    for (int r = from; r < to; r++) {
      y[yOffset + r] = dot(w, r, x, token);
    }
  }

  @Override
  public void products(
      Matrix w, Input x, int tokens, float[] y, int yStride, int yOffset, int from, int to) {
    for (int t = 0; t < tokens; t++) {
      matvec(w, x, t, y, t * yStride + yOffset, from, to);
    }
  }

  @Override
  public void widen(Matrix w, int from, int to, float[] out) {
    int n = w.columns();
    for (int r = from; r < to; r++) {
      for (int c = 0; c < n; c++) {
        out[(r - from) * n + w.format().order().place(c, n)] = w.get(r, c);
      }
    }
  }

  private static float dot(float[] w, int wAt, float[] x, int xAt, int n) {
    float sum = 0;
    for (int c = 0; c < n; c++) {
      sum += w[wAt + c] * x[xAt + c];
    }
    return sum;
  }

  @Override
  public void matmul(
      float[] w, int rows, int columns, float[] x, int tokens, float[] y, int yStride, int yAt) {
    for (int t = 0; t < tokens; t++) {
      for (int r = 0; r < rows; r++) {
        y[t * yStride + yAt + r] = dot(w, r * columns, x, t * columns, columns);
      }
    }
  }

  @Override
  public int tileTokens() {
    return 8;
  }

  @Override
  public void matmulOfTile(
      float[] w,
      int rows,
      int columns,
      float[] tile,
      int tileAt,
      int tokens,
      float[] y,
      int yStride,
      int yAt) {
    for (int t = 0; t < tokens; t++) {
      for (int r = 0; r < rows; r++) {
        y[t * yStride + yAt + r] =
            dotOfTile(w, r * columns, tile, tileAt + t, tileTokens(), columns);
      }
    }
  }

  @Override
  public void neurons(
      Matrix records,
      int[] list,
      int from,
      int to,
      float @Nullable [] scales,
      Input x,
      int token,
      float[] y,
      int yOffset,
      float[] scratch) {
    for (int k = from; k < to; k++) {
      neuron(records, list[k], scales == null ? 1 : scales[k], x, token, y, yOffset);
    }
  }

  @Override
  public void neuronsOfTokens(
      Matrix records,
      int[] list,
      int from,
      int to,
      float[] @Nullable [] scales,
      Input x,
      int[] tokens,
      float[] y,
      int[] yAt,
      float[][] scratch) {
    for (int t = 0; t < tokens.length; t++) {
      neurons(records, list, from, to, scales[t], x, tokens[t], y, yAt[t], scratch[t]);
    }
  }

  @Override
  public void addRows(
      Matrix w,
      int[] list,
      int from,
      int to,
      float[] factors,
      float[] y,
      int yAt,
      int column0,
      int column1) {
    int n = column1 - column0;
    for (int k = from; k < to; k++) {
      for (int c = 0; c < n; c++) {
        int at = yAt + w.format().order().place(c, n);
        y[at] += factors[k] * w.get(list[k], column0 + c);
      }
    }
  }

  @Override
  public void widenColumns(
      Matrix w, int from, int to, int column0, int column1, float[] out, int stride) {
    int n = column1 - column0;
    for (int r = from; r < to; r++) {
      for (int c = 0; c < n; c++) {
        out[(r - from) * stride + w.format().order().place(c, n)] = w.get(r, column0 + c);
      }
    }
  }

  @Override
  public void neuronsOfTile(
      float[] records,
      int columns,
      BlockLanes lanes,
      float[] tile,
      int tileAt,
      float[] y,
      int yAt,
      TileScratch scratch) {
    int width = lanes.width;
    for (int k = 0; k < lanes.count; k++) {
      int gate = k * 3 * columns;
      int up = gate + columns;
      int down = up + columns;
      for (int t = 0; t < width; t++) {
        if ((lanes.held[k] >>> t & 1) != 0) {
          float h =
              lanes.factors[k * lanes.apart + t]
                  * silu(dotOfTile(records, gate, tile, tileAt + t, width, columns))
                  * dotOfTile(records, up, tile, tileAt + t, width, columns);
          for (int c = 0; c < columns; c++) {
            y[yAt + c * width + t] += h * records[down + c];
          }
        }
      }
    }
  }

  private static float dotOfTile(float[] w, int wAt, float[] tile, int at, int stride, int n) {
    float sum = 0;
    for (int c = 0; c < n; c++) {
      sum += w[wAt + c] * tile[at + c * stride];
    }
    return sum;
  }

  private static void neuron(
      Matrix records, int j, float scale, Input x, int token, float[] y, int yOffset) {
    float h = scale * silu(dot(records, 3 * j, x, token)) * dot(records, 3 * j + 1, x, token);
    int n = records.columns();
    Order order = records.format().order();
    for (int c = 0; c < n; c++) {
      y[yOffset + order.place(c, n)] += h * records.get(3 * j + 2, c);
    }
  }

  @Override
  public void split(float[] x, int xAt, float[] y, int yAt, int n) {
    for (int i = 0; i < n; i++) {
      y[yAt + ((i & 1) == 0 ? i / 2 : (n + 1) / 2 + i / 2)] = x[xAt + i];
    }
  }

  @Override
  public void rmsNorm(float[] x, int xOffset, float[] w, double eps, float[] y, int yOffset) {
    float squares = 0;
    for (int i = 0; i < w.length; i++) {
      squares += x[xOffset + i] * x[xOffset + i];
    }
    float scale = (float) (1 / Math.sqrt(squares / w.length + eps));
    for (int i = 0; i < w.length; i++) {
      y[yOffset + i] = w[i] * (x[xOffset + i] * scale);
    }
  }

  @Override
  public void siluTimes(float[] gate, int gateAt, float[] up, int upAt, int n) {
    for (int i = 0; i < n; i++) {
      gate[gateAt + i] = silu(gate[gateAt + i]) * up[upAt + i];
    }
  }

  @Override
  public void softmax(float[] scores, int offset, int n) {
    float max = max(scores, offset, n);
    float sum = 0;
    for (int i = 0; i < n; i++) {
      scores[offset + i] = (float) Math.exp(scores[offset + i] - max);
      sum += scores[offset + i];
    }
    for (int i = 0; i < n; i++) {
      scores[offset + i] /= sum;
    }
  }

  @Override
  public float max(float[] x, int offset, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }

  @Override
  public double sumOfExps(float[] x, int offset, int n, float max) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp((double) x[offset + i] - max);
    }
    return sum;
  }

  @Override
  public void attend(
      float[] q, int[] qAt, KvHead cache, int[][] spans, float scale, float[] scores, float[] out) {
    for (int k = 0; k < qAt.length; k++) {
      attend(q, qAt[k], cache, spans[k], scale, scores, out);
    }
  }

  private void attend(
      float[] q, int qAt, KvHead cache, int[] spans, float scale, float[] scores, float[] out) {
    int seen = 0;
    for (int s = 0; s < spans.length; s += 2) {
      for (int t = spans[s]; t < spans[s + 1]; t++) {
        float dot = 0;
        for (int i = 0; i < cache.headDim(); i++) {
          dot += q[qAt + i] * cache.key(t, i);
        }
        scores[seen++] = dot * scale;
      }
    }
    softmax(scores, 0, seen);
    for (int i = 0; i < cache.headDim(); i++) {
      float sum = 0;
      seen = 0;
      for (int s = 0; s < spans.length; s += 2) {
        for (int t = spans[s]; t < spans[s + 1]; t++) {
          sum += scores[seen++] * cache.value(t, i);
        }
      }
      out[qAt + i] = sum;
    }
  }
}
