package org.mixtureofmasks.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sparse SwiGLU for a tile of lanes, or half of one, over widened records: gate and up products for
 * the halves that hold a neuron, then SiLU, then the down columns, whose sums keep the order of the
 * neurons.
 */
final class TileNeurons {
  /** Neurons that are computed for no use at most, where a number of them is done at once. */
  static final int IDLE = 12;

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  private TileNeurons() {}

  /** See {@link Kernels#neuronsOfTile}. */
  static void run(
      float[] records,
      int n,
      BlockLanes lanes,
      float[] tile,
      int tileAt,
      float[] y,
      int yAt,
      TileScratch s,
      Kernels kernels) {
    sort(lanes, s);
    int width = lanes.width;
    int first = 2 * (s.counts[0] + 2) * L; // where the products of the first half begin
    int second = first + (s.counts[1] + 5) * L;
    int up = second + (s.counts[2] + 5) * L;
    gateUp(records, n, s, tile, tileAt, up);
    gateUpOfHalf(records, n, s, 1, tile, tileAt, width, first, up);
    gateUpOfHalf(records, n, s, 2, tile, tileAt + L, width, second, up);
    kernels.siluTimes(s.products, 0, s.products, up, up);
    int firsts = s.counts[0] + s.counts[1];
    int seconds = s.counts[0] + s.counts[2];
    int all = firsts + s.counts[2];
    // Three neurons of a tile cost what two of each half do.
    if (width > L && 3 * all <= 2 * (firsts + seconds)) {
      wholeTile(lanes, n, s, first, second);
      addDown(records, n, s.downs[0], all, s.hidden, y, yAt);
    } else {
      halves(lanes, n, s, first, second);
      addDownOfHalf(records, n, s.downs[0], firsts, s.hidden, 0, y, yAt, width);
      addDownOfHalf(records, n, s.downs[1], seconds, s.hidden, firsts * L, y, yAt + L, width);
    }
  }

  /** Lists the neurons that both halves hold, that only the first does, that only the second. */
  private static void sort(BlockLanes lanes, TileScratch s) {
    int both = 0;
    int first = 0;
    int second = 0;
    for (int k = 0; k < lanes.count; k++) {
      boolean low = lanes.held[k] << -L != 0;
      boolean high = lanes.held[k] >>> L != 0;
      if (low && high) {
        s.held[0][both++] = k;
      } else if (low) {
        s.held[1][first++] = k;
      } else if (high) {
        s.held[2][second++] = k;
      }
    }
    s.counts[0] = both;
    s.counts[1] = first;
    s.counts[2] = second;
  }

  /** Where the gate rows of some neurons begin. */
  private static int[] gates(TileScratch s, int which, int n) {
    for (int k = 0; k < s.counts[which]; k++) {
      s.gates[k] = s.held[which][k] * 3 * n;
    }
    return s.gates;
  }

  /**
   * Three neurons at a time, for both halves: their gate and up rows are the six that {@link
   * VectorTokens} wants.
   */
  private static void gateUp(float[] w, int n, TileScratch s, float[] tile, int tileAt, int up) {
    int[] at = gates(s, 0, n);
    int last = s.counts[0] - 1;
    for (int k = 0; k <= last; k += 3) {
      int r0 = at[k];
      int r1 = at[Math.min(k + 1, last)];
      int r2 = at[Math.min(k + 2, last)];
      int to = k * VectorTokens.TOKENS;
      VectorTokens.rows(
          w, r0, r1, r2, r0 + n, r1 + n, r2 + n, n, tile, tileAt, s.products, to, up + to);
    }
  }

  /** Six neurons at a time, for one half. */
  private static void gateUpOfHalf(
      float[] w,
      int n,
      TileScratch s,
      int which,
      float[] tile,
      int tileAt,
      int stride,
      int to,
      int up) {
    int[] at = gates(s, which, n);
    int last = s.counts[which] - 1;
    for (int k = 0; k <= last; k += 6) {
      HalfTokens.rows(
          w,
          at[k],
          at[Math.min(k + 1, last)],
          at[Math.min(k + 2, last)],
          at[Math.min(k + 3, last)],
          at[Math.min(k + 4, last)],
          at[Math.min(k + 5, last)],
          n,
          tile,
          tileAt,
          stride,
          s.products,
          to + k * L,
          up + to + k * L);
    }
  }

  /** Hidden activations of all neurons for both halves, ascending. */
  private static void wholeTile(BlockLanes lanes, int n, TileScratch s, int first, int second) {
    int both = 0;
    int count = 0;
    for (int k = 0; k < lanes.count; k++) {
      int held = lanes.held[k];
      if (held == 0) {
        continue;
      }
      int low = first;
      int high = second;
      if (held << -L != 0 && held >>> L != 0) {
        low = both++ * 2 * L;
        high = low + L;
      } else if (held >>> L == 0) {
        first += L;
      } else {
        second += L;
      }
      int factors = k * lanes.apart;
      scale(s.products, low, lanes.factors, factors, held, s.hidden, count * 2 * L);
      scale(s.products, high, lanes.factors, factors + L, held >>> L, s.hidden, count * 2 * L + L);
      s.downs[0][count++] = (3 * k + 2) * n;
    }
  }

  /** Hidden activations of the first half's neurons, behind them the second's. */
  private static void halves(BlockLanes lanes, int n, TileScratch s, int first, int second) {
    int both = 0;
    int firsts = 0;
    int seconds = 0;
    int behind = s.counts[0] + s.counts[1];
    for (int k = 0; k < lanes.count; k++) {
      int held = lanes.held[k];
      boolean shared = held << -L != 0 && held >>> L != 0;
      int factors = k * lanes.apart;
      if (held << -L != 0) {
        int from = shared ? both * 2 * L : first;
        scale(s.products, from, lanes.factors, factors, held, s.hidden, firsts * L);
        s.downs[0][firsts++] = (3 * k + 2) * n;
        first += shared ? 0 : L;
      }
      if (held >>> L != 0) {
        int from = shared ? both * 2 * L + L : second;
        int to = (behind + seconds) * L;
        scale(s.products, from, lanes.factors, factors + L, held >>> L, s.hidden, to);
        s.downs[1][seconds++] = (3 * k + 2) * n;
        second += shared ? 0 : L;
      }
      both += shared ? 1 : 0;
    }
  }

  /** A vector of h times factors, 0 for lanes that do not hold the neuron. */
  private static void scale(
      float[] h, int at, float[] factors, int factorsAt, int held, float[] out, int outAt) {
    FloatVector v = FloatVector.fromArray(F, h, at);
    v = v.mul(FloatVector.fromArray(F, factors, factorsAt));
    FloatVector.zero(F).blend(v, VectorMask.fromLong(F, held)).intoArray(out, outAt);
  }

  private static void addDown(
      float[] records, int n, int[] at, int count, float[] h, float[] y, int yAt) {
    int c = 0;
    for (; c + VectorTokens.ROWS <= n; c += VectorTokens.ROWS) {
      VectorTokens.columns(records, at, count, c, h, y, yAt + c * VectorTokens.TOKENS);
    }
    for (; c < n; c++) {
      VectorTokens.column(records, at, count, c, h, y, yAt + c * VectorTokens.TOKENS);
    }
  }

  private static void addDownOfHalf(
      float[] records,
      int n,
      int[] at,
      int count,
      float[] h,
      int hAt,
      float[] y,
      int yAt,
      int stride) {
    int c = 0;
    for (; count > 0 && c + HalfTokens.ROWS <= n; c += HalfTokens.ROWS) {
      HalfTokens.columns(records, at, count, c, h, hAt, y, yAt + c * stride, stride);
    }
    for (; count > 0 && c < n; c++) {
      HalfTokens.column(records, at, count, c, h, hAt, y, yAt + c * stride);
    }
  }
}
